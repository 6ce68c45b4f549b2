# SPDX-License-Identifier: MIT
#
# gen-deviations.awk FILE...: makes docs/deviations.md from the comments that
# begin with "DEVIATION:", each up to the end of its paragraph.

BEGIN {
	print "# Deviations from Linux"
	print ""
	print "Where Whelk does something else than Linux on purpose, the code says"
	print "so. This list is made from those comments by `make docs`."
	print ""
}

function finish() {
	if (text != "")
		print "- `" file "`: " text
	text = ""
}

FNR == 1 { finish(); file = FILENAME }

{
	line = $0
	last = line ~ /\*\//
	sub(/[ \t]*\*\/.*$/, "", line)
	sub(/^[ \t]*(\/\*|\*)[ \t]?/, "", line)
}

line ~ /DEVIATION:/ {
	finish()
	sub(/^.*DEVIATION:[ ]*/, "", line)
	text = line
	if (last)
		finish()
	next
}

text != "" {
	if (line !~ /[^ \t*]/)
		finish()
	else
		text = text " " line
	if (last)
		finish()
}

END { finish() }
