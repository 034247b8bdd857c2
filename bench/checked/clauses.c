/* A solver of clauses (DPLL) as one writes it first: formulas are linked lists of small blocks, and each try
 * copies what is left of the formula. Counts the tries that random formulas take. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { VARIABLES = 46, CLAUSES = 196, LITERALS = 3, FORMULAS = 60 };

typedef struct literal {
    struct literal *next;
    int variable; /* negative: its opposite */
} literal;

typedef struct clause {
    struct clause *next;
    literal *literals;
} clause;

static unsigned long seed = 1;
static unsigned long tries;

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

static void add_literal(clause *c, int variable) {
    literal *l = take(sizeof *l);
    l->variable = variable;
    l->next = c->literals;
    c->literals = l;
}

static clause *add_clause(clause *formula) {
    clause *c = take(sizeof *c);
    c->literals = NULL;
    c->next = formula;
    return c;
}

static void drop(clause *formula) {
    while (formula) {
        clause *next = formula->next;
        while (formula->literals) {
            literal *l = formula->literals;
            formula->literals = l->next;
            free(l);
        }
        free(formula);
        formula = next;
    }
}

static bool has(const clause *c, int variable) {
    for (const literal *l = c->literals; l; l = l->next)
        if (l->variable == variable)
            return true;
    return false;
}

/* What is left of a formula when the variable is true. */
static clause *assume(const clause *formula, int variable) {
    clause *left = NULL;
    for (; formula; formula = formula->next) {
        if (has(formula, variable))
            continue;
        left = add_clause(left);
        for (const literal *l = formula->literals; l; l = l->next)
            if (l->variable != -variable)
                add_literal(left, l->variable);
    }
    return left;
}

/* The shortest clause: NULL when there is none. */
static const clause *shortest(const clause *formula, int *length) {
    const clause *best = NULL;
    for (const clause *c = formula; c; c = c->next) {
        int count = 0;
        for (const literal *l = c->literals; l; l = l->next)
            count++;
        if (!best || count < *length) {
            best = c;
            *length = count;
        }
    }
    return best;
}

static bool solve(const clause *formula) {
    int length = 0;
    const clause *c = shortest(formula, &length);
    tries++;
    if (!c)
        return true;
    if (length == 0)
        return false;
    const int variable = c->literals->variable;
    clause *left = assume(formula, variable);
    bool solved = solve(left);
    drop(left);
    if (solved || length == 1)
        return solved;
    left = assume(formula, -variable);
    solved = solve(left);
    drop(left);
    return solved;
}

static clause *random_formula(void) {
    clause *formula = NULL;
    for (int i = 0; i < CLAUSES; i++) {
        formula = add_clause(formula);
        for (int k = 0; k < LITERALS; k++) {
            const int variable = (int)random_below(VARIABLES) + 1;
            add_literal(formula, random_below(2) ? variable : -variable);
        }
    }
    return formula;
}

int main(void) {
    int solved = 0;
    for (int i = 0; i < FORMULAS; i++) {
        clause *formula = random_formula();
        solved += solve(formula);
        drop(formula);
    }
    printf("%d of %d solved, %lu tries\n", solved, FORMULAS, tries);
    return 0;
}
