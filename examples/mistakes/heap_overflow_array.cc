// The loop runs once too often: ten numbers have the indexes 0 to 9.
#include <iostream>

int main() {
    int count = 10;
    int *squares = new int[count];

    for (int i = 0; i <= count; i++)
        squares[i] = i * i;
    std::cout << squares[9] << '\n';

    delete[] squares;
}
