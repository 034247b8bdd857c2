/* A solver as one writes it first: sliding tiles, fifteen of them, by A*. Each position is a small block of its own, in
 * a hash table of linked lists, and each step of a solution is another. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 4,
    CELLS = SIDE * SIDE,
    BUCKETS = 1 << 17,
    PUZZLES = 12,
    SHUFFLES = 150,
    COSTS = 256
};

typedef struct position {
    struct position *same_hash, *same_cost, *from;
    unsigned char cells[CELLS], gap, steps;
    bool done;
} position;

typedef struct step {
    struct step *next;
    unsigned char cell;
} step;

static position *table[BUCKETS];
static position *open[COSTS];
static unsigned long seed = 1;

static unsigned random_below(unsigned bound) {
    seed = seed * 48271 % 2147483647;
    return (unsigned)(seed % bound);
}

static void *take(size_t size) {
    void *p = malloc(size);
    if (!p)
        abort();
    return p;
}

static unsigned hash_of(const unsigned char *cells) {
    unsigned hash = 0;
    for (int i = 0; i < CELLS; i++)
        hash = hash * 31 + cells[i];
    return (hash ^ hash >> 13) % BUCKETS;
}

/* The steps that are needed at least. */
static unsigned estimate(const unsigned char *cells) {
    int sum = 0;
    for (int i = 0; i < CELLS; i++)
        if (cells[i])
            sum += abs(i / SIDE - (cells[i] - 1) / SIDE) + abs(i % SIDE - (cells[i] - 1) % SIDE);
    return (unsigned)sum;
}

static position *find(const unsigned char *cells) {
    position *p = table[hash_of(cells)];
    while (p && memcmp(p->cells, cells, CELLS) != 0)
        p = p->same_hash;
    return p;
}

static void add(const unsigned char *cells, unsigned gap, position *from) {
    position *p = take(sizeof *p), **bucket = &table[hash_of(cells)];
    memcpy(p->cells, cells, CELLS);
    p->gap = (unsigned char)gap;
    p->from = from;
    p->steps = (unsigned char)(from ? from->steps + 1 : 0);
    p->done = false;
    p->same_hash = *bucket;
    *bucket = p;
    position **cost = &open[(p->steps + estimate(cells)) % COSTS];
    p->same_cost = *cost;
    *cost = p;
}

static position *cheapest(void) {
    for (int cost = 0; cost < COSTS; cost++)
        if (open[cost]) {
            position *p = open[cost];
            open[cost] = p->same_cost;
            return p;
        }
    return NULL;
}

static bool moved(unsigned char *cells, unsigned gap, unsigned way, unsigned *to) {
    static const int columns[] = {1, -1, 0, 0}, rows[] = {0, 0, 1, -1};
    const int x = (int)gap % SIDE + columns[way], y = (int)gap / SIDE + rows[way];
    if (x < 0 || y < 0 || x >= SIDE || y >= SIDE)
        return false;
    *to = (unsigned)(y * SIDE + x);
    cells[gap] = cells[*to];
    cells[*to] = 0;
    return true;
}

static step *solution(const position *p) {
    step *first = NULL;
    for (; p; p = p->from) {
        step *s = take(sizeof *s);
        s->cell = p->gap;
        s->next = first;
        first = s;
    }
    return first;
}

static void drop_all(void) {
    for (int i = 0; i < BUCKETS; i++)
        while (table[i]) {
            position *p = table[i];
            table[i] = p->same_hash;
            free(p);
        }
    memset(open, 0, sizeof open);
}

static step *solve(const unsigned char *cells, unsigned gap, unsigned long *tried) {
    step *found = NULL;
    add(cells, gap, NULL);
    for (position *p; !found && (p = cheapest());) {
        if (p->done)
            continue;
        p->done = true;
        ++*tried;
        if (estimate(p->cells) == 0)
            found = solution(p);
        for (unsigned way = 0; way < 4; way++) {
            unsigned char next[CELLS];
            unsigned to;
            memcpy(next, p->cells, CELLS);
            if (moved(next, p->gap, way, &to)) {
                const position *old = find(next);
                if (!old || (!old->done && old->steps > p->steps + 1))
                    add(next, to, p);
            }
        }
    }
    drop_all();
    return found;
}

int main(void) {
    unsigned long tried = 0, steps = 0;
    for (int i = 0; i < PUZZLES; i++) {
        unsigned char cells[CELLS] = {0};
        unsigned gap = CELLS - 1;
        for (int k = 0; k < CELLS - 1; k++)
            cells[k] = (unsigned char)(k + 1);
        for (int k = 0; k < SHUFFLES; k++)
            (void)moved(cells, gap, random_below(4), &gap);
        for (step *s = solve(cells, gap, &tried); s;) {
            step *next = s->next;
            steps++;
            free(s);
            s = next;
        }
    }
    printf("%lu steps, %lu positions tried\n", steps, tried);
    return 0;
}
