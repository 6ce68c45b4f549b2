/* SPDX-License-Identifier: MIT */
/*
 * Random bytes: ChaCha20 (RFC 8439), whose key is replaced by its own output
 * with every request, so that what was given out can not be computed again.
 *
 * The key is made from RDSEED or RDRAND. On a CPU without them it comes from
 * how long accesses to a device take, by the TSC: good against guessing from
 * outside; but an emulator that counts instructions makes it repeat itself.
 */
#include "kernel/internal.h"
#include "sys.h"

enum {
	KEY_WORDS = 8,
	BLOCK_WORDS = 16,
	JITTER_SAMPLES = 64,
};

enum { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };

static uint32_t key[KEY_WORDS];

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d ^= *a;
	*d = *d << 16 | *d >> 16;
	*c += *d;
	*b ^= *c;
	*b = *b << 12 | *b >> 20;
	*a += *b;
	*d ^= *a;
	*d = *d << 8 | *d >> 24;
	*c += *d;
	*b ^= *c;
	*b = *b << 7 | *b >> 25;
}

static void chacha20_block(uint32_t counter, uint32_t out[BLOCK_WORDS])
{
	static const uint32_t constants[4] = {0x61707865, 0x3320646e,
					      0x79622d32, 0x6b206574};
	uint32_t in[BLOCK_WORDS] = {0};
	int i;

	memcpy(in, constants, sizeof(constants));
	memcpy(in + 4, key, sizeof(key));
	in[12] = counter;
	memcpy(out, in, sizeof(in));
	for (i = 0; i < 10; i++) {
		quarter(&out[0], &out[4], &out[8], &out[12]);
		quarter(&out[1], &out[5], &out[9], &out[13]);
		quarter(&out[2], &out[6], &out[10], &out[14]);
		quarter(&out[3], &out[7], &out[11], &out[15]);
		quarter(&out[0], &out[5], &out[10], &out[15]);
		quarter(&out[1], &out[6], &out[11], &out[12]);
		quarter(&out[2], &out[7], &out[8], &out[13]);
		quarter(&out[3], &out[4], &out[9], &out[14]);
	}
	for (i = 0; i < BLOCK_WORDS; i++)
		out[i] += in[i];
}

void random_init(void)
{
	uint32_t block[BLOCK_WORDS];
	uint64_t value = 0, mixed = 0;
	bool have = true;
	int i;

	for (i = 0; i < KEY_WORDS / 2 && have; i++) {
		have = cpu_random(&value);
		key[i] ^= (uint32_t)value;
		key[i + KEY_WORDS / 2] ^= (uint32_t)(value >> 32);
	}
	for (i = 0; i < JITTER_SAMPLES && !have; i++) {
		mixed = (mixed ^ cpu_jitter()) * 0x9e3779b97f4a7c15;
		mixed ^= mixed >> 29;
		key[i % KEY_WORDS] += (uint32_t)(mixed >> 16);
		key[(i + 3) % KEY_WORDS] ^= (uint32_t)mixed;
	}
	chacha20_block(0, block);
	memcpy(key, block, sizeof(key));
}

void kernel_random(void *buf, size_t len)
{
	uint32_t block[BLOCK_WORDS], next[KEY_WORDS];
	size_t n = len < sizeof(key) ? len : sizeof(key);
	uint32_t counter = 1;
	char *to = buf;

	chacha20_block(0, block);
	memcpy(next, block, sizeof(next));
	memcpy(to, block + KEY_WORDS, n);
	for (to += n, len -= n; len; to += n, len -= n) {
		chacha20_block(counter++, block);
		n = len < sizeof(block) ? len : sizeof(block);
		memcpy(to, block, n);
	}
	memcpy(key, next, sizeof(key));
}

/* getrandom(2). */
long sys_getrandom(void *buf, size_t len, int flags)
{
	size_t good;

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE))
		return -EINVAL;
	if (len > INT32_MAX)
		len = INT32_MAX;
	if (user_range_bad(buf, len))
		return -EFAULT;
	good = user_span(buf, len, true);
	kernel_random(buf, good);
	return good || !len ? (long)good : -EFAULT;
}
