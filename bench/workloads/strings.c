/*
 * Strings: a text is put together word by word, split again into words, the words are sorted and
 * joined. Some texts stay while others are made, as pages and rows do in servers and scripts.
 */
#include "bench.h"

enum { TEXTS = 256, FEWEST = 50, MORE = 400, LONGEST = 24 };

struct text {
    char *data; /* NULL: no text */
    size_t length, capacity;
};

struct words {
    char **word;
    size_t count, capacity;
};

/* ---- building ---- */

static void text_append(struct text *text, const char *part, size_t length) {
    if (text->length + length + 1 > text->capacity) {
        text->capacity = (text->length + length + 1) * 3 / 2;
        text->data = bench_need(realloc(text->data, text->capacity));
    }
    memcpy(text->data + text->length, part, length);
    text->length += length;
    text->data[text->length] = '\0';
}

static char *word_new(uint64_t *stream) {
    uint64_t letters = bench_random(stream);
    const size_t length = 1 + bench_below(stream, LONGEST);
    char *word = bench_need(malloc(length + 1));
    for (size_t i = 0; i < length; i++, letters = letters >> 5 | letters << 59)
        word[i] = (char)('a' + (letters & 15));
    word[length] = '\0';
    return word;
}

static struct text text_build(uint64_t *stream) {
    struct text text = {0};
    for (uint64_t i = FEWEST + bench_below(stream, MORE); i > 0; i--) {
        char *word = word_new(stream);
        text_append(&text, word, strlen(word));
        text_append(&text, " ", 1);
        free(word);
    }
    return text;
}

/* ---- splitting, sorting, joining ---- */

static void words_add(struct words *words, const char *start, size_t length) {
    if (words->count == words->capacity) {
        words->capacity = words->capacity * 2 + 8;
        words->word = bench_need(realloc(words->word, words->capacity * sizeof *words->word));
    }
    char *word = bench_need(malloc(length + 1));
    memcpy(word, start, length);
    word[length] = '\0';
    words->word[words->count++] = word;
}

static struct words text_split(const struct text *text) {
    struct words words = {0};
    if (text->data == NULL)
        bench_die("a text has no words");
    const char *start = text->data;
    for (const char *end; (end = strchr(start, ' ')) != NULL; start = end + 1)
        words_add(&words, start, (size_t)(end - start));
    return words;
}

/* Merges sorted halves. Its own, since the C library's qsort takes blocks or not as it likes. */
static void words_sort(char **word, size_t count) {
    if (count < 2)
        return;
    const size_t half = count / 2;
    words_sort(word, half);
    words_sort(word + half, count - half);
    char **left = bench_need(malloc(half * sizeof *left));
    memcpy(left, word, half * sizeof *left);
    size_t from_left = 0, from_right = half, to = 0;
    while (from_left < half && from_right < count)
        word[to++] =
            strcmp(left[from_left], word[from_right]) <= 0 ? left[from_left++] : word[from_right++];
    while (from_left < half)
        word[to++] = left[from_left++];
    free(left);
}

static struct text words_join(struct words *words) {
    struct text text = {0};
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0 && strcmp(words->word[i - 1], words->word[i]) > 0)
            bench_die("words aren't in order");
        text_append(&text, words->word[i], strlen(words->word[i]));
        text_append(&text, ",", 1);
    }
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i]);
    free(words->word);
    return text;
}

static uint64_t text_drop(struct text *text) {
    uint64_t checksum = text->length;
    for (size_t i = 0; i < text->length; i++)
        checksum = checksum * 31 + (unsigned char)text->data[i];
    if (text->data[text->length] != '\0' || text->data[text->length - 1] != ',')
        bench_die("a text of %zu characters lost its end", text->length);
    free(text->data);
    text->data = NULL;
    return checksum;
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    struct text texts[TEXTS] = {{0}};
    uint64_t checksum = 0;
    for (uint64_t i = bench_scaled(options, 14000); i > 0; i--) {
        struct text *place = &texts[bench_below(&stream, TEXTS)];
        struct text text = text_build(&stream);
        struct words words = text_split(&text);
        words_sort(words.word, words.count);
        if (place->data != NULL)
            checksum += text_drop(place);
        *place = words_join(&words);
        if (place->length != text.length)
            bench_die("a text of %zu characters has %zu", text.length, place->length);
        free(text.data);
    }
    for (size_t i = 0; i < TEXTS; i++)
        if (texts[i].data != NULL)
            checksum += text_drop(&texts[i]);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
