// A circle is deleted as a shape; the shape's virtual destructor finds out what it is.
#include <iostream>

struct shape {
    int corners = 0;
    virtual ~shape() = default;
};

struct circle : shape {
    double x = 0, y = 0, radius = 1;
};

int main() {
    shape *s = new circle;
    std::cout << s->corners << '\n';
    delete s;
}
