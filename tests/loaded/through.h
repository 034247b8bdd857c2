/* Modules that tests load and unload. All have this function, with the same code. */
#ifndef TESTS_LOADED_THROUGH_H
#define TESTS_LOADED_THROUGH_H

typedef void through(void (*function)(void *argument), void *argument);

/* Calls the function from within the module. */
through loaded_through;

#define LOADED(its_name)                                                                           \
    const char loaded_name[16] = its_name;                                                         \
    void loaded_through(void (*function)(void *argument), void *argument) {                        \
        volatile char frame[200];                                                                  \
        frame[0] = 0;                                                                              \
        function(argument);                                                                        \
        frame[1] = frame[0];                                                                       \
    }

extern const char loaded_name[16];

#endif
