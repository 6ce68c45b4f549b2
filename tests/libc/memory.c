/* SPDX-License-Identifier: MIT */
/*
 * memcpy, memmove, memset and memcmp against byte-wise ones: all lengths to
 * 300 and around powers of two, all alignments, all overlaps nearby; nothing
 * outside of the range changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 20000, MARGIN = 128 };

static unsigned char got[SIZE], expected[SIZE], source[SIZE];

static void fill(unsigned char *at, unsigned int seed)
{
	for (int i = 0; i < SIZE; i++) {
		seed = seed * 1103515245 + 12345;
		at[i] = (unsigned char)(seed >> 16);
	}
}

static void compare(const char *what, size_t n, size_t to, size_t from)
{
	for (int i = 0; i < SIZE; i++) {
		if (got[i] != expected[i]) {
			printf("%s of %zu bytes, %zu from %zu: byte %d is "
			       "0x%02x, not 0x%02x\n",
			       what, n, to, from, i, got[i], expected[i]);
			exit(1);
		}
	}
}

static void test_copy(size_t n, size_t to, size_t from)
{
	fill(got, 1);
	fill(expected, 1);
	for (size_t i = 0; i < n; i++)
		expected[to + i] = source[from + i];
	if (memcpy(got + to, source + from, n) != got + to)
		exit(2);
	compare("memcpy", n, to, from);
}

static void test_move(size_t n, size_t to, size_t from)
{
	fill(got, 2);
	fill(expected, 2);
	if (to < from) {
		for (size_t i = 0; i < n; i++)
			expected[to + i] = expected[from + i];
	} else {
		for (size_t i = n; i > 0; i--)
			expected[to + i - 1] = expected[from + i - 1];
	}
	if (memmove(got + to, got + from, n) != got + to)
		exit(2);
	compare("memmove", n, to, from);
}

static void test_set(size_t n, size_t to)
{
	fill(got, 3);
	fill(expected, 3);
	for (size_t i = 0; i < n; i++)
		expected[to + i] = 0xa5;
	if (memset(got + to, 0x1a5, n) != got + to)
		exit(2);
	compare("memset", n, to, 0);
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void test_compare(size_t n, size_t left, size_t right)
{
	memcpy(got + left, source, n);
	memcpy(expected + right, source, n);
	for (size_t i = 0; i <= n; i++) {
		int want = 0;

		if (i < n) {
			expected[right + i] ^= 0x81;
			want = got[left + i] < expected[right + i] ? -1 : 1;
		}
		if (sign(memcmp(got + left, expected + right, n)) != want) {
			printf("memcmp of %zu bytes, different at %zu\n", n, i);
			exit(1);
		}
		if (i < n)
			expected[right + i] ^= 0x81;
		if (i > 40 && i + 40 < n)
			i += 31;
	}
}

static void test_length(size_t n)
{
	static const int shifts[] = {1,	 2,  7,	 8,  15, 16,  17,
				     31, 33, 63, 64, 65, 100, 127};

	for (size_t align = 0; align<16; align += n> 200 ? 5 : 1) {
		test_copy(n, MARGIN + align, MARGIN + 3);
		test_copy(n, MARGIN, MARGIN + align);
		test_set(n, MARGIN + align);
		test_compare(n, MARGIN + align, MARGIN + 1);
	}
	for (size_t i = 0; i < sizeof(shifts) / sizeof(*shifts); i++) {
		test_move(n, MARGIN, MARGIN + shifts[i]);
		test_move(n, MARGIN + shifts[i], MARGIN);
	}
	test_move(n, MARGIN, MARGIN);
}

int main(void)
{
	fill(source, 4);
	for (size_t n = 0; n < 300; n += n < 140 ? 1 : 7)
		test_length(n);
	for (size_t power = 512; power <= 16384; power *= 2) {
		test_length(power - 1);
		test_length(power);
		test_length(power + 1);
	}
	test_length(767);
	test_length(768);
	return 0;
}
