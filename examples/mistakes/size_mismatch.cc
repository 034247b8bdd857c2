// A circle is deleted as a shape, and nothing in a shape says that it may be more than one.
#include <iostream>

struct shape {
    int corners = 0;
};

struct circle : shape {
    double x = 0, y = 0, radius = 1;
};

int main() {
    shape *s = new circle;
    std::cout << s->corners << '\n';
    delete s;
}
