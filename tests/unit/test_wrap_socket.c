#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static int ends[2];

static void plain(void **state) {
    (void)state;
    char *data = block(4);
    memcpy(data, "abcd", 4);
    GOOD(assert_int_equal(lm_wrap_send(ends[0], data, 4, 0), 4), "send", data, 4, READ);
    GOOD(assert_int_equal(lm_wrap_recv(ends[1], data, 4, 0), 4), "recv", data, 4, WRITE);
    BAD(lm_wrap_send(ends[0], data, 5, 0), "send", data, 5, READ);
    BAD(lm_wrap_recv(ends[1], data, 9, 0), "recv", data, 9, WRITE);
    BAD(lm_wrap_sendto(ends[0], data, 5, 0, NULL, 0), "sendto", data, 5, READ);
    BAD(assert_int_equal(lm_wrap_recvfrom(ends[1], data, 9, 0, NULL, NULL), 5), "recvfrom", data, 9,
        WRITE);
    lm_wrap_send(ends[0], "abcdefgh", 8, 0);
    BAD(lm_wrap___recv_chk(ends[1], data, 5, 99, 0), "recv", data, 5, WRITE);
    lm_wrap_send(ends[0], "abcdefgh", 8, 0);
    BAD(lm_wrap___recvfrom_chk(ends[1], data, 5, 99, 0, NULL, NULL), "recvfrom", data, 5, WRITE);
    struct sockaddr *address = block(8);
    socklen_t size = 16;
    lm_wrap_send(ends[0], "abcdefgh", 8, 0);
    BAD(lm_wrap_recvfrom(ends[1], data, 4, 0, address, &size), "recvfrom", address, 16, WRITE);
    BAD(lm_wrap_sendto(ends[0], data, 4, 0, address, 16), "sendto", address, 16, COPY);
}

static void messages(void **state) {
    (void)state;
    char *data = block(4);
    struct iovec piece = {data, 4};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    GOOD(assert_int_equal(lm_wrap_sendmsg(ends[0], &header, 0), 4), "sendmsg", data, 4, READ);
    GOOD(assert_int_equal(lm_wrap_recvmsg(ends[1], &header, 0), 4), "recvmsg", data, 4, WRITE);
    piece.iov_len = 5;
    BAD(lm_wrap_sendmsg(ends[0], &header, 0), "sendmsg", data, 5, READ);
    BAD(lm_wrap_recvmsg(ends[1], &header, 0), "recvmsg", data, 5, WRITE);
    header.msg_control = data;
    header.msg_controllen = 64;
    BAD(lm_wrap_recvmsg(ends[1], &header, MSG_DONTWAIT), "recvmsg", data, 64, WRITE);
}

static void addresses(void **state) {
    (void)state;
    unsigned char *address = block(4);
    char *to = block(11), *tight = block(10), *endless = text_without_end("1.2.3.4");
    memcpy(address, (unsigned char[]){10, 20, 30, 4}, 4);
    GOOD(assert_ptr_equal(lm_wrap_inet_ntop(AF_INET, address, to, INET6_ADDRSTRLEN), to),
         "inet_ntop", to, 11, WRITE);
    BAD(lm_wrap_inet_ntop(AF_INET, address, tight, INET6_ADDRSTRLEN), "inet_ntop", tight, 11,
        WRITE);
    BAD(lm_wrap_inet_ntop(AF_INET6, address, to, 1), "inet_ntop", address, 16, READ);
    GOOD(assert_int_equal(lm_wrap_inet_pton(AF_INET, "1.2.3.4", address), 1), "inet_pton", address,
         4, WRITE);
    assert_memory_equal(address, "\1\2\3\4", 4);
    BAD(lm_wrap_inet_pton(AF_INET6, "::1", address), "inet_pton", address, 16, WRITE);
    BAD(lm_wrap_inet_pton(AF_INET, endless, address), "inet_pton", endless, 8, READ);
    errno = 0;
    assert_null(lm_wrap_inet_ntop(AF_INET, address, to, 2));
    assert_int_equal(errno, ENOSPC);
}

int main(void) {
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain, fresh),
        cmocka_unit_test_setup(messages, fresh),
        cmocka_unit_test_setup(addresses, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
