# SPDX-License-Identifier: MIT
#
# From the counts of callgrind (--compress-strings=no --compress-pos=no) after
# each operation that measure.c names "OPERATION: TIMES": prints
# "INSTRUCTIONS OPERATION" for each, of which there are two counts. It is what
# the functions of fs/ and syscalls/ themselves execute, with what is inlined
# there; functions they call elsewhere, such as memcpy, are not counted.

function next_count()
{
	if (!desc)
		return
	name = desc
	sub(/: [0-9]+$/, "", name)
	times = desc
	sub(/.*: /, "", times)
	if (name in first)
		printf "%.1f %s\n", (sum - first[name]) / (times - first_times), name
	else {
		first[name] = sum
		first_times = times
	}
	desc = ""
}

/^desc: Trigger: Client Request: / {
	next_count()
	desc = substr($0, 32)
	sum = counted = 0
}
/^fl=/ {
	counted = /\/(fs|syscalls)\/[a-z_]*\.[ch]$/ || /\/(port|abi)\/[a-z_]*\.h$/
}
# the line after this one is what was called
/^calls=/ { getline; next }
/^[0-9]/ && counted { sum += $2 }
END { next_count() }
