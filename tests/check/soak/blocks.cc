#include "churn.h"

#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct alignas(64) line {
    char bytes[128];
};

/* A block whose bytes are all alike. */
struct parcel {
    char *bytes;
    size_t size;
    char fill;
};

std::atomic<parcel *> shelf[512];

size_t some_size(chance &luck) {
    uint32_t kind = luck.below(1000);
    return kind == 0   ? 200000 + luck.below(2000000)
           : kind < 20 ? luck.below(70000)
                       : luck.below(600);
}

parcel *pack(chance &luck) {
    size_t size = some_size(luck);
    auto made =
        new parcel{static_cast<char *>(std::malloc(size)), size, static_cast<char>(luck.next())};
    CHECK(made->bytes || size == 0);
    if (made->bytes)
        std::memset(made->bytes, made->fill, size);
    return made;
}

void look(const parcel *it) {
    for (size_t i = 0; i < it->size; i += it->size < 64 ? 1 : it->size / 32)
        CHECK(it->bytes[i] == it->fill);
    CHECK(it->size == 0 || it->bytes[it->size - 1] == it->fill);
}

void unpack(parcel *it) {
    if (!it)
        return;
    look(it);
    std::free(it->bytes);
    delete it;
}

void grow(chance &luck, parcel *it) {
    size_t size = some_size(luck) + 1, kept = size < it->size ? size : it->size;
    it->bytes = static_cast<char *>(std::realloc(it->bytes, size));
    CHECK(it->bytes);
    std::memset(it->bytes + kept, it->fill, size - kept);
    it->size = size;
}

void exchange(chance &luck) {
    parcel *mine = pack(luck);
    if (luck.below(3) == 0)
        grow(luck, mine);
    unpack(shelf[luck.below(512)].exchange(mine));
}

void forms(chance &luck) {
    size_t count = luck.below(40) + 1;
    std::unique_ptr<line> one(new line);
    std::memset(one->bytes, 1, sizeof one->bytes);
    std::unique_ptr<line[]> many(new line[count]);
    CHECK(reinterpret_cast<uintptr_t>(many.get()) % alignof(line) == 0);
    many[count - 1].bytes[127] = one->bytes[127];
    std::unique_ptr<std::string[]> strings(new std::string[count]);
    strings[count - 1] = std::string(count, 's');

    void *plain = ::operator new(count);
    ::operator delete(plain, count);
    void *quiet = ::operator new[](count, std::nothrow);
    ::operator delete[](quiet, std::nothrow);
    void *aligned = ::operator new(count, std::align_val_t(256));
    ::operator delete(aligned, count, std::align_val_t(256));

    void *pages = nullptr;
    CHECK(posix_memalign(&pages, 4096, count * 100) == 0);
    std::memset(pages, 2, count * 100);
    std::free(pages);
    auto zeros = static_cast<char *>(std::calloc(count, 7));
    CHECK(zeros[count * 7 - 1] == 0);
    std::free(zeros);
    std::free(aligned_alloc(64, 64 * count));
    char *copy = strdup(strings[count - 1].c_str()), *printed = nullptr;
    CHECK(asprintf(&printed, "%s and %zu", copy, count) > 0);
    CHECK(std::strlen(printed) > std::strlen(copy));
    std::free(copy);
    std::free(printed);
}

void containers(chance &luck) {
    std::map<std::string, std::vector<int>> map;
    std::unordered_map<int, std::shared_ptr<std::string>> table;
    std::list<std::string> list;
    std::deque<long> deque;
    std::set<std::weak_ptr<std::string>, std::owner_less<std::weak_ptr<std::string>>> weak;
    for (uint32_t i = 0, end = luck.below(60); i < end; i++) {
        map["key " + std::to_string(luck.below(30)) + " with some more text"].push_back(
            static_cast<int>(i));
        auto shared = std::make_shared<std::string>(luck.below(100), 'c');
        table[static_cast<int>(i)] = shared;
        weak.insert(shared);
        list.push_front(*shared);
        deque.push_back(i);
        if (luck.below(4) == 0)
            deque.pop_front();
    }
    list.sort();
    std::ostringstream out;
    for (auto &[key, numbers] : map)
        out << key << ": " << numbers.size() << '\n';
    std::istringstream in(out.str());
    size_t lines = 0;
    for (std::string read; std::getline(in, read);)
        lines++;
    CHECK(lines == map.size());
}

/* Caught far up; all frames between have something to destroy. */
size_t deep(chance &luck, int depth) {
    std::string held(luck.below(200), 'd');
    std::vector<std::unique_ptr<int>> numbers;
    numbers.push_back(std::make_unique<int>(depth));
    if (depth == 0) {
        switch (luck.below(3)) {
        case 0:
            throw std::string(100, 't');
        case 1:
            throw std::bad_alloc();
        default:
            return std::vector<int>(3).at(luck.below(3) + 3u);
        }
    }
    return deep(luck, depth - 1) + held.size();
}

void exceptions(chance &luck) {
    int caught = 0;
    std::function<size_t(int)> call = [&luck](int depth) { return deep(luck, depth); };
    try {
        try {
            call(static_cast<int>(luck.below(20)));
        } catch (const std::bad_alloc &) {
            caught++;
            throw;
        }
    } catch (const std::string &text) {
        CHECK(text.size() == 100);
        caught++;
    } catch (const std::exception &) {
        caught++;
    }
    CHECK(caught > 0);
}

/* Destroyed as its thread ends, in whose last moments it allocates once more. */
struct farewell {
    std::vector<std::string> words;
    ~farewell() {
        words.push_back(std::string(300, 'f'));
    }
};
thread_local farewell at_end;

} // namespace

void use_blocks(chance &luck) {
    switch (luck.below(8)) {
    case 0:
        forms(luck);
        break;
    case 1:
        containers(luck);
        break;
    case 2:
        exceptions(luck);
        break;
    case 3:
        at_end.words.emplace_back(luck.below(100), 'w');
        if (at_end.words.size() > 50)
            at_end.words.clear();
        break;
    default:
        exchange(luck);
    }
}

void empty_shelf() {
    for (auto &place : shelf)
        unpack(place.exchange(nullptr));
}
