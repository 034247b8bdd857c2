/* Memory from mmap is freed. */
#include "fault.h"
#include <sys/mman.h>

int main(void) {
    char *mapping = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        abort();
    free(hidden(mapping));
    mapping[0] = 1; /* still there */
    go_on();
    return EXIT_SUCCESS;
}
