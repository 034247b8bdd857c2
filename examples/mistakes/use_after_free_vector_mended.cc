// A vector that grows may move: the pointer into it is taken afterwards.
#include <iostream>
#include <vector>

int main() {
    std::vector<int> numbers = {1, 2, 3};
    numbers.push_back(4);
    int *first = &numbers.front();
    std::cout << *first << '\n';
}
