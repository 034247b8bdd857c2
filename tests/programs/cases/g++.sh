# package: g++
# set: quick
# does: compiles templates with the standard library, runs the result with threads
# needs: g++

prepare() {
    cat >work.cc <<'CC'
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>
template <int N> struct Sum { static constexpr long value = N + Sum<N - 1>::value; };
template <> struct Sum<0> { static constexpr long value = 0; };
struct alignas(64) Wide { double x[8]; };
int main() {
    std::vector<std::thread> threads;
    std::vector<long> results(4);
    for (int t = 0; t < 4; t++)
        threads.emplace_back([t, &results] {
            std::map<std::string, std::shared_ptr<std::vector<int>>> m;
            for (int i = 0; i < 20000; i++) {
                auto &v = m["key" + std::to_string(i * 7919 % 3001)];
                if (!v) v = std::make_shared<std::vector<int>>();
                v->push_back(i);
                if (i % 11 == 0) m.erase(m.begin());
            }
            for (auto &[k, v] : m) results[t] += std::accumulate(v->begin(), v->end(), 0L) % 1009;
        });
    for (auto &t : threads) t.join();
    std::regex r("(\\w+)@(\\w+)\\.com");
    std::string s = "a@b.com, cc@dd.com";
    std::variant<int, std::string> v = std::regex_replace(s, r, "$2 at $1");
    auto wide = std::make_unique<Wide[]>(100);
    std::cout << Sum<500>::value << ' ' << std::get<1>(v) << ' ' << (reinterpret_cast<std::uintptr_t>(wide.get()) % 64);
    for (long n : results) std::cout << ' ' << n;
    std::cout << std::endl;
    try { std::vector<int>().at(3); } catch (const std::out_of_range &e) { std::cout << e.what() << std::endl; }
}
CC
}

run() {
    g++ -std=c++20 -O1 -pthread "$IN/work.cc" -o work
    ./work
}
