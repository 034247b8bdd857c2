# package: g++
# set: slow
# does: 10 classes with maps, ranges, regular expressions and futures at -O2, then with -flto
# needs: g++

prepare() {
    awk 'BEGIN {
        print "#include <algorithm>\n#include <future>\n#include <iostream>\n#include <map>\n#include <memory>\n#include <ranges>\n#include <regex>\n#include <set>\n#include <string>\n#include <tuple>\n#include <unordered_map>\n#include <vector>"
        for (i = 0; i < 10; i++) {
            printf "template <class T> struct C%d { std::map<std::string, std::vector<T>> m; std::unordered_map<T, std::shared_ptr<C%d>> u; std::set<std::tuple<T, int, std::string>> s;\n", i, i
            printf "  T run(T x) { for (int i = 0; i < %d; i++) { m[std::to_string(i * %d %% 37)].push_back(static_cast<T>(x + i)); s.emplace(x, i, \"n\"); u[static_cast<T>(i)] = std::make_shared<C%d>(); }\n", 50 + i, i + 3, i
            printf "    T r{}; for (auto &[k, v] : m) for (auto y : v | std::views::filter([](T z) { return static_cast<long>(z) %% %d; }) | std::views::transform([](T z) { return z * 2; })) r += y; return r + static_cast<T>(s.size() + u.size()); } };\n", i % 5 + 2
        }
        print "int main() { std::vector<std::future<double>> f;"
        for (i = 0; i < 10; i++)
            printf "  f.push_back(std::async(std::launch::async, [] { C%d<int> a; C%d<double> b; C%d<long> c; return a.run(%d) + b.run(1.5) + static_cast<double>(c.run(7)); }));\n", i, i, i, i
        print "  double sum = 0; for (auto &x : f) sum += x.get(); std::cout << sum << std::endl; }"
    }' >work.cc
}

run() {
    g++ -std=c++20 -O2 -pthread "$IN/work.cc" -o work
    ./work
    g++ -std=c++20 -O1 -flto=2 -pthread "$IN/work.cc" -o tmp/lto
    tmp/lto
}
