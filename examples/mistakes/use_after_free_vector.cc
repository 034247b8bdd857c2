// A pointer into a vector is used after the vector grew, and moved to do so.
#include <iostream>
#include <vector>

int main() {
    std::vector<int> numbers = {1, 2, 3};
    int *first = &numbers.front();
    numbers.push_back(4);
    std::cout << *first << '\n';
}
