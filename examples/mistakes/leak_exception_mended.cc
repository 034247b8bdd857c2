// What owns the block deletes it when an exception leaves the function, too.
#include <iostream>
#include <memory>
#include <stdexcept>

static double inverse(double number) {
    if (number == 0)
        throw std::domain_error("there is no inverse of 0");
    return 1 / number;
}

static void print_inverse(double number) {
    auto result = std::make_unique<double>();
    *result = inverse(number);
    std::cout << *result << '\n';
}

int main() {
    try {
        print_inverse(2);
        print_inverse(0);
    } catch (const std::exception &error) {
        std::cout << error.what() << '\n';
    }
}
