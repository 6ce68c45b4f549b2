# SPDX-License-Identifier: MIT
#
# awk -v new=FILE -f compare.awk COUNTED BUDGET: prints each operation that was
# counted (count.awk) and what is to be said of it, and writes the budget to
# FILE with what is lower now. Fails if one takes over 2% more than its budget.

FNR == NR {
	count = $1
	sub(/^[^ ]* /, "")
	counts[$0] = count
	names[++len] = $0
	next
}
!/^ *[0-9]/ {
	print >new
	next
}
{
	limit = $1
	sub(/^ *[^ ]* */, "")
	budgets[$0] = limit
	count = counts[$0]
	note = ""
	if (count < 1) {
		note = "  was NOT counted"
		failed = 1
	} else if (count > limit * 1.02) {
		note = "  MORE than 2% over the budget of " limit
		failed = 1
	} else if (count < limit * 0.98)
		note = "  less than the budget of " limit ": make budget"
	printf "%7.1f  %s%s\n", count, $0, note
	if (count >= 1)
		printf "%7.1f  %s\n", count < limit ? count : limit, $0 >new
}
END {
	for (i = 1; i <= len; i++) {
		if (names[i] in budgets)
			continue
		printf "%7.1f  %s  has NO budget: make budget\n", \
			counts[names[i]], names[i]
		printf "%7.1f  %s\n", counts[names[i]], names[i] >new
		failed = 1
	}
	exit failed
}
