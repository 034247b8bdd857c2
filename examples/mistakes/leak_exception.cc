// An exception leaves the function before its block is deleted.
#include <iostream>
#include <stdexcept>

static double inverse(double number) {
    if (number == 0)
        throw std::domain_error("there is no inverse of 0");
    return 1 / number;
}

static void print_inverse(double number) {
    double *result = new double;
    *result = inverse(number);
    std::cout << *result << '\n';
    delete result;
}

int main() {
    try {
        print_inverse(2);
        print_inverse(0);
    } catch (const std::exception &error) {
        std::cout << error.what() << '\n';
    }
}
