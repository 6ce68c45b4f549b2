/* SPDX-License-Identifier: MIT */
/* The CMOS clock (MC146818): date and time in seconds, taken to be UTC. */
#include "kernel/x86_64/internal.h"

enum {
	CMOS_INDEX = 0x70,
	CMOS_DATA = 0x71,
	RTC_STATUS_A = 10,
	RTC_STATUS_B = 11,
	RTC_CENTURY = 0x32, /* where PCs and QEMU have it */
	RTC_UPDATING = 0x80,
	RTC_24_HOURS = 0x02,
	RTC_BINARY = 0x04,
	RTC_PM = 0x80,
};

struct rtc_time {
	uint8_t sec, min, hour, day, month, year, century;
};

static uint8_t cmos_read(uint8_t index)
{
	outb(CMOS_INDEX, index);
	return inb(CMOS_DATA);
}

static void fields_read(struct rtc_time *t)
{
	t->sec = cmos_read(0);
	t->min = cmos_read(2);
	t->hour = cmos_read(4);
	t->day = cmos_read(7);
	t->month = cmos_read(8);
	t->year = cmos_read(9);
	t->century = cmos_read(RTC_CENTURY);
}

static uint8_t decimal(uint8_t value, uint8_t status_b)
{
	if (status_b & RTC_BINARY)
		return value;
	return (uint8_t)((value >> 4) * 10 + (value & 15));
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, unsigned int month, unsigned int day)
{
	static const uint16_t before[12] = {0,	 31,  59,  90,	120, 151,
					    181, 212, 243, 273, 304, 334};
	int64_t y = year - 1;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400) + before[month - 1] +
	       (month > 2 && leap) + day - 1;
}

/* Reads all fields within one second: twice the same. */
static bool fields_read_stable(struct rtc_time *t)
{
	struct rtc_time again;
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (cmos_read(RTC_STATUS_A) & RTC_UPDATING)
			continue;
		fields_read(t);
		fields_read(&again);
		if (!(cmos_read(RTC_STATUS_A) & RTC_UPDATING) &&
		    memcmp(t, &again, sizeof(again)) == 0)
			return true;
	}
	return false;
}

/* The time in seconds since 1970; 0 when there is no clock. */
int64_t rtc_read(void)
{
	unsigned int hour, month, day;
	struct rtc_time t;
	int64_t year;
	uint8_t b;

	if (cmos_read(RTC_STATUS_A) == 0xff || !fields_read_stable(&t))
		return 0;
	b = cmos_read(RTC_STATUS_B);
	hour = decimal(t.hour & (uint8_t)~RTC_PM, b);
	if (!(b & RTC_24_HOURS))
		hour = hour % 12 + (t.hour & RTC_PM ? 12 : 0);
	month = decimal(t.month, b);
	day = decimal(t.day, b);
	year = decimal(t.century, b);
	if (year < 19 || year > 99)
		year = 20;
	year = year * 100 + decimal(t.year, b);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return 0;
	return ((days_of(year, month, day) * 24 + hour) * 60 +
		decimal(t.min, b)) *
		       60 +
	       decimal(t.sec, b);
}
