#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bash, zsh and fish complete commands, options and their values: the shells themselves, on a terminal.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

mkdir bin functions
ln -s "$STRATAPACK" bin/stratapack
export PATH=$scratch/bin:$PATH HOME=$scratch TERM=dumb
for shell in bash zsh fish; do
	ok "there is a completion for $shell" stratapack completion "$shell"
	stratapack completion "$shell" >"completion.$shell"
	ok "it is well-formed, $shell" "$shell" -n "completion.$shell"
done
cp completion.zsh functions/_stratapack

# What is typed, and the line after a tab.
lines=(
	'stratapack ins' 'stratapack inspect '
	'stratapack build --compr' 'stratapack build --compression'
	'stratapack plan --strategy pop' 'stratapack plan --strategy popularity '
	'stratapack plan --strategy=sing' 'stratapack plan --strategy=single '
	'stratapack build -o universal-a' 'stratapack build -o universal-archive:'
	'stratapack completion zs' 'stratapack completion zsh '
	'stratapack inspect completion.f' 'stratapack inspect completion.fish '
	'stratapack verify --qu' 'stratapack verify --quiet '
)

# Types each argument and a tab into a shell on a terminal, and prints the line that is there then.
# The shell tells by a key that is bound to that, before and behind which it needs no prompt.
cat >type.zsh <<'ZSH'
zmodload zsh/zpty
case $1 in
bash)
	zpty shell bash --norc --noprofile -i
	zpty -w shell 'bind -x "\"\C-x\C-x\": printf \"%s\\n\" \"\$READLINE_LINE\" >completed"
. ./completion.bash; : >ready'
	;;
zsh)
	zpty shell zsh -f -i
	zpty -w shell 'fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -d $PWD/dump
show() { print -r -- "$BUFFER" >completed }
zle -N show; bindkey "^X^X" show; : >ready'
	;;
esac
until [[ -e ready ]]; do sleep 0.05; done
rm ready
shift
for line; do
	rm -f completed
	zpty -n -w shell $'\C-a\C-k'"$line"$'\t\C-x\C-x'
	until [[ -s completed ]]; do sleep 0.05; done
	cat completed
done
zpty -d shell
ZSH
typed=() wanted=()
for ((index = 0; index < ${#lines[@]}; index += 2)); do
	typed+=("${lines[index]}") wanted+=("${lines[index + 1]}")
done
for shell in bash zsh; do
	mapfile -t completed < <(timeout "$patience" zsh -f type.zsh "$shell" "${typed[@]}")
	for index in "${!typed[@]}"; do
		# After an option that takes a value, zsh writes the sign, and bash a blank.
		got=${completed[index]-}
		[[ $got != *--compression[=\ ] ]] || got=${got%?}
		is "$shell completes ${typed[index]}" "$got" "${wanted[index]}"
	done
done
for index in "${!typed[@]}"; do
	word=${wanted[index]##*[ =]}
	[ -n "$word" ] || word=${wanted[index]% } word=${word##*[ =]}
	# shellcheck disable=SC2016 # fish expands it
	is "fish completes ${typed[index]}" "$(fish -c '. completion.fish; complete -C $argv[1]' "${typed[index]}" |
		cut -f 1 | sed 's/.*=//' | grep -xF -- "$word")" "$word"
done
done_testing
