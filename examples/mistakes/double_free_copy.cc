// An object is copied, pointer and all: both copies delete the same block.
#include <cstring>
#include <iostream>

struct name {
    char *letters;
    explicit name(const char *text) : letters(new char[std::strlen(text) + 1]) {
        std::strcpy(letters, text);
    }
    ~name() {
        delete[] letters;
    }
};

int main() {
    name one("loam");
    name two = one;
    std::cout << two.letters << '\n';
}
