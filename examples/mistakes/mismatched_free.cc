// An array made by new[] is deleted as if it were one object.
#include <iostream>

int main() {
    int *numbers = new int[3]{1, 2, 3};
    std::cout << numbers[2] << '\n';
    delete numbers;
}
