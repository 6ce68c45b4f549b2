# SPDX-License-Identifier: MIT
#
# awk -v missed=FILE -f coverage.awk GCOV: from what `gcov -t -b -c` prints of
# several builds and runs, the lines and branches of each file of fs/ and
# syscalls/ that any of them reached; and to FILE those that none did. A branch
# is one way out of a condition (each operand of && and || is one). Those of an
# assertion are left out, since it cannot fail; and so are generated files.

function percent(part, all)
{
	return all ? sprintf("%6.1f%%", 100 * part / all) : "      -"
}

function report(name, n)
{
	printf "%-26s %6d %s %9d %s\n", name, lines[n], \
		percent(reached[n], lines[n]), branches[n], \
		percent(taken[n], branches[n])
}

function too_few(n)
{
	return 100 * reached[n] < least_lines * lines[n] || \
		100 * taken[n] < least_branches * branches[n]
}

function add(n, is_reached, count, count_taken)
{
	lines[n]++
	reached[n] += is_reached
	branches[n] += count
	taken[n] += count_taken
}

/^ *-: +0:Source:/ {
	file = $0
	sub(/^[^S]*Source:/, "", file)
	sub(/^\.\//, "", file)
	wanted = file ~ /^(fs|syscalls)\/[a-z_0-9]+\.[ch]$/
	if (wanted && !(file in last)) {
		files[++files_len] = file
		last[file] = 0
	}
	assertion = 0
	next
}
!wanted { next }
/^(branch|call|function|unconditional) / {
	if ($1 != "branch" || assertion)
		next
	key = file SUBSEP line SUBSEP index_now++
	if ($3 == "taken" && $4 + 0 > 0)
		was_taken[key] = 1
	if (index_now > count[file, line])
		count[file, line] = index_now
	next
}
/^ *[0-9#=-]+\*?: *[0-9]+:/ {
	split($0, part, ":")
	hits = part[1]
	line = part[2] + 0
	text = $0
	sub(/^[^:]*:[^:]*:/, "", text)
	assertion = assertion_goes_on || text ~ /port_assert\(/
	assertion_goes_on = assertion && text !~ /;/
	index_now = 0
	if (line == 0 || hits ~ /^ *-$/)
		next
	source[file, line] = text
	if (line > last[file])
		last[file] = line
	if (hits + 0 > 0)
		was_reached[file, line] = 1
}

function miss(what)
{
	sub(/^[ \t]+/, "", text)
	printf "%s:%d: %s: %s\n", file, line, what, text >missed
}

function file_count()
{
	directory = file
	sub(/\/.*/, "", directory)
	for (line = 1; line <= last[file]; line++) {
		if (!((file, line) in source))
			continue
		text = source[file, line]
		ways = 0
		for (i = 0; i < count[file, line]; i++)
			ways += (file, line, i) in was_taken
		add(file, (file, line) in was_reached, count[file, line], ways)
		add(directory, (file, line) in was_reached, \
			count[file, line], ways)
		if (!((file, line) in was_reached))
			miss("never reached")
		else if (ways < count[file, line])
			miss(ways " of " count[file, line] " branches")
	}
}

END {
	printf "%-26s %6s %7s %9s %7s\n", "", "lines", "", "branches", ""
	printf "" >missed
	for (f = 1; f <= files_len; f++) {
		for (i = f; i > 1 && files[i] < files[i - 1]; i--) {
			file = files[i]
			files[i] = files[i - 1]
			files[i - 1] = file
		}
	}
	for (f = 1; f <= files_len; f++) {
		file = files[f]
		file_count()
		report(file, file)
	}
	report("fs", "fs")
	report("syscalls", "syscalls")
	exit too_few("fs") || too_few("syscalls")
}
