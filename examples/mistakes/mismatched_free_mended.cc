// An array made by new[] is deleted by delete[].
#include <iostream>

int main() {
    int *numbers = new int[3]{1, 2, 3};
    std::cout << numbers[2] << '\n';
    delete[] numbers;
}
