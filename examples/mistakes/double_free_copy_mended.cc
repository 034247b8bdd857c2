// An object that is copied copies its block as well: each deletes its own.
#include <cstring>
#include <iostream>

struct name {
    char *letters;
    explicit name(const char *text) : letters(new char[std::strlen(text) + 1]) {
        std::strcpy(letters, text);
    }
    name(const name &other) : name(other.letters) {}
    name &operator=(const name &) = delete;
    ~name() {
        delete[] letters;
    }
};

int main() {
    name one("loam");
    name two = one;
    std::cout << two.letters << '\n';
}
