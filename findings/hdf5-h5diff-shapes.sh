#!/bin/sh
# h5diff says that two files are the same where their datasets have other shapes or other kinds of elements.
#
# Guess: exit code 1, "differences found", for a dataset of 2 x 3 against one of 2 x 4, and for numbers against strings.
#
# Found: such datasets are "not comparable", which is not a difference: exit code 0. A dataset that one file lacks is a
# difference, and so is one value.
#
# Why it matters here: `h5diff A B && echo same` is how archives of two runs are compared; a study with another size
# of picture, or other lengths of losses, passes.
#
# Versions: hdf5-tools 1.10.8 (Debian 12).
#
# Output:
#   another value: exit code 1
#   another shape: exit code 0
#   strings for numbers: exit code 0
#   a dataset more: exit code 1
exec "$(dirname "$0")/common/debian.sh" "$0" hdf5-tools=1.10.8+repack1-1 <<'END'
echo "1 2 3 4 5 6" >values
echo "1 2 3 4 5 7" >others
echo "1 2 3 4 5 6 7 8" >more
printf 'one\ntwo\n' >words
h5import values -d 2,3 -p /losses -t TEXTFPE -s 64 -o first.h5
h5import others -d 2,3 -p /losses -t TEXTFPE -s 64 -o value.h5
h5import more -d 2,4 -p /losses -t TEXTFPE -s 64 -o shape.h5
printf 'PATH /losses\nINPUT-CLASS STR\n' >strings
h5import words -c strings -o words.h5
cp first.h5 another.h5
h5import values -d 2,3 -p /latents -t TEXTFPE -s 64 -o another.h5

# compare WHAT FILE
compare() {
    seen=0
    h5diff first.h5 "$2" >log || seen=$?
    echo "$1: exit code $seen"
}
compare "another value" value.h5
compare "another shape" shape.h5
compare "strings for numbers" words.h5
compare "a dataset more" another.h5
END
