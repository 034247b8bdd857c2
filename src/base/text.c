#include "base/text.h"

#include <stdarg.h>

/* The units of 1024 each, in the order of their powers; B is the power 0. */
static const char units[] = "BKMGTPE";

/* The digits of the longest number: 2^64 - 1 in decimal. */
enum { DIGITS_MAX = 20 };

void lm_text_init(lm_text *text, char *buffer, size_t size) {
    text->buffer = buffer;
    text->size = size;
    text->length = 0;
    if (size > 0)
        buffer[0] = '\0';
}

static void put_char(lm_text *text, char c) {
    /* One byte is the NUL's. */
    if (text->size > 0 && text->length < text->size - 1) {
        text->buffer[text->length] = c;
        text->buffer[text->length + 1] = '\0';
    }
    text->length++;
}

static void put_repeated(lm_text *text, char c, size_t count) {
    while (count-- > 0)
        put_char(text, c);
}

void lm_text_put_n(lm_text *text, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        put_char(text, bytes[i]);
}

void lm_text_put(lm_text *text, const char *string) {
    if (string == NULL)
        string = "(null)";
    for (; *string != '\0'; string++)
        put_char(text, *string);
}

/* One conversion of a format, between the '%' and its letter. */
struct conversion {
    bool left;      /* '-': fill on the right */
    bool zero;      /* '0': fill numbers with zeros, after sign and prefix */
    bool has_limit; /* a precision was given */
    char modifier;  /* 0, 'l', 'L' for ll, or 'z' */
    char letter;    /* what to convert to */
    size_t limit;   /* the precision: the most bytes of a string */
    size_t width;   /* the fewest characters */
};

static const char *read_digits(const char *p, size_t *out) {
    size_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        value = value * 10 + (size_t)(*p - '0');
    *out = value;
    return p;
}

static const char *read_precision(const char *p, int star, struct conversion *conversion) {
    conversion->has_limit = true;
    if (*p != '*')
        return read_digits(p, &conversion->limit);
    conversion->has_limit = star >= 0;
    conversion->limit = star >= 0 ? (size_t)star : 0;
    return p + 1;
}

static const char *read_modifier(const char *p, struct conversion *conversion) {
    if (p[0] == 'l' && p[1] == 'l') {
        conversion->modifier = 'L';
        return p + 2;
    }
    if (*p != 'l' && *p != 'z')
        return p;
    conversion->modifier = *p;
    return p + 1;
}

static const char *read_flags(const char *p, struct conversion *conversion) {
    for (; *p == '-' || *p == '0'; p++) {
        if (*p == '-')
            conversion->left = true;
        else
            conversion->zero = true;
    }
    return p;
}

static void put_padded(lm_text *text, const struct conversion *conversion, const char *bytes,
                       size_t length) {
    const size_t fill = conversion->width > length ? conversion->width - length : 0;
    if (!conversion->left)
        put_repeated(text, ' ', fill);
    lm_text_put_n(text, bytes, length);
    if (conversion->left)
        put_repeated(text, ' ', fill);
}

static void put_string(lm_text *text, const struct conversion *conversion, const char *string) {
    if (string == NULL)
        string = "(null)";
    size_t length = 0;
    while ((!conversion->has_limit || length < conversion->limit) && string[length] != '\0')
        length++;
    put_padded(text, conversion, string, length);
}

static void put_number(lm_text *text, const struct conversion *conversion, const char *prefix,
                       uint64_t value, unsigned base) {
    char digits[DIGITS_MAX];
    size_t count = 0;
    do {
        digits[DIGITS_MAX - ++count] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);

    size_t length = count;
    for (const char *p = prefix; *p != '\0'; p++)
        length++;
    const size_t fill = conversion->width > length ? conversion->width - length : 0;
    const bool zeros = conversion->zero && !conversion->left;

    if (!conversion->left && !zeros)
        put_repeated(text, ' ', fill);
    lm_text_put(text, prefix);
    if (zeros)
        put_repeated(text, '0', fill);
    lm_text_put_n(text, digits + DIGITS_MAX - count, count);
    if (conversion->left)
        put_repeated(text, ' ', fill);
}

static void put_signed(lm_text *text, const struct conversion *conversion, long long value) {
    /* The negation in unsigned arithmetic: that of the smallest value doesn't fit the signed type.
     */
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    put_number(text, conversion, value < 0 ? "-" : "", magnitude, 10);
}

/* The next argument as the conversion's integer type. */
static long long next_signed(const struct conversion *conversion, va_list *args) {
    switch (conversion->modifier) {
    case 'L':
        return va_arg(*args, long long);
    case 'l':
        return va_arg(*args, long);
    case 'z':
        return va_arg(*args, ptrdiff_t);
    default:
        return va_arg(*args, int);
    }
}

static unsigned long long next_unsigned(const struct conversion *conversion, va_list *args) {
    switch (conversion->modifier) {
    case 'L':
        return va_arg(*args, unsigned long long);
    case 'l':
        return va_arg(*args, unsigned long);
    case 'z':
        return va_arg(*args, size_t);
    default:
        return va_arg(*args, unsigned);
    }
}

/* Appends the next argument. Returns false, without having taken one, for an unknown conversion. */
static bool put_argument(lm_text *text, const struct conversion *conversion, va_list *args) {
    char c;
    switch (conversion->letter) {
    case '%':
        put_char(text, '%');
        return true;
    case 'c':
        c = (char)va_arg(*args, int);
        put_padded(text, conversion, &c, 1);
        return true;
    case 's':
        put_string(text, conversion, va_arg(*args, const char *));
        return true;
    case 'd':
        put_signed(text, conversion, next_signed(conversion, args));
        return true;
    case 'u':
        put_number(text, conversion, "", next_unsigned(conversion, args), 10);
        return true;
    case 'x':
        put_number(text, conversion, "", next_unsigned(conversion, args), 16);
        return true;
    case 'p':
        put_number(text, conversion, "0x", (uintptr_t)va_arg(*args, const void *), 16);
        return true;
    default:
        return false;
    }
}

/* Reads the conversion that starts at the '%' at `p`. Returns the first character after it. */
static const char *read_conversion(const char *p, struct conversion *conversion, va_list *args) {
    *conversion = (struct conversion){0};
    p = read_flags(p + 1, conversion);
    p = read_digits(p, &conversion->width);
    if (*p == '.') {
        const int star = p[1] == '*' ? va_arg(*args, int) : 0;
        p = read_precision(p + 1, star, conversion);
    }
    p = read_modifier(p, conversion);
    conversion->letter = *p;
    return *p == '\0' ? p : p + 1;
}

void lm_text_format(lm_text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    while (*format != '\0') {
        if (*format != '%') {
            put_char(text, *format++);
            continue;
        }
        struct conversion conversion;
        const char *next = read_conversion(format, &conversion, &args);
        if (!put_argument(text, &conversion, &args)) {
            lm_text_put(text, format);
            break;
        }
        format = next;
    }
    va_end(args);
}

void lm_text_bytes(lm_text *text, uint64_t bytes) {
    unsigned unit = 0;
    while (unit + 1 < sizeof units - 1 && bytes >> (10 * unit) >= 1024)
        unit++;

    const unsigned shift = 10 * unit;
    const uint64_t rest = bytes & ((UINT64_C(1) << shift) - 1);
    uint64_t whole = bytes >> shift;
    /* At most 10 * 2^60 and a half of 2^60: fits. */
    uint64_t tenths = shift == 0 ? 0 : (rest * 10 + (UINT64_C(1) << (shift - 1))) >> shift;
    if (tenths == 10) {
        whole++;
        tenths = 0;
    }
    if (whole == 1024 && unit + 1 < sizeof units - 1) {
        whole = 1;
        unit++;
    }

    lm_text_format(text, "%llu", (unsigned long long)whole);
    if (rest != 0)
        lm_text_format(text, ".%u", (unsigned)tenths);
    lm_text_format(text, unit == 0 ? " B" : " %ciB", units[unit]);
}

/* The digits at the start of `string`: how many there are, 0 also when their number doesn't fit. */
static size_t parse_digits(const char *string, size_t length, uint64_t *out) {
    uint64_t value = 0;
    size_t i = 0;
    for (; i < length && string[i] >= '0' && string[i] <= '9'; i++) {
        const uint64_t digit = (uint64_t)(string[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    *out = value;
    return i;
}

bool lm_text_parse_number(const char *string, size_t length, uint64_t *out) {
    uint64_t value;
    if (length == 0 || parse_digits(string, length, &value) != length)
        return false;
    *out = value;
    return true;
}

static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* How many bits the unit in `string` shifts by, -1 where there is no such unit. */
static int parse_unit(const char *string, size_t length) {
    if (length == 0)
        return 0;
    int power = 0;
    while (units[power] != '\0' && units[power] != upper(string[0]))
        power++;
    if (units[power] == '\0')
        return -1;

    const bool alone = length == 1;
    const bool with_b = power > 0 && length == 2 && upper(string[1]) == 'B';
    const bool with_ib =
        power > 0 && length == 3 && upper(string[1]) == 'I' && upper(string[2]) == 'B';
    return alone || with_b || with_ib ? 10 * power : -1;
}

bool lm_text_parse_bytes(const char *string, size_t length, uint64_t *out) {
    uint64_t value;
    const size_t digits = parse_digits(string, length, &value);
    if (digits == 0)
        return false;
    const int shift = parse_unit(string + digits, length - digits);
    if (shift < 0 || value > UINT64_MAX >> shift)
        return false;
    *out = value << shift;
    return true;
}
