#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make install` puts where, and the static program.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

ok "install" meson install -C "$STRATAPACK_BUILD" --no-rebuild --destdir "$scratch/installed"
prefix=$(jq -r '.[] | select(.name == "prefix").value' "$STRATAPACK_BUILD/meson-info/intro-buildoptions.json")
installed=$scratch/installed$prefix

is "the installed program runs" "$("$installed/bin/stratapack" --version 2>&1)" \
	"$("$STRATAPACK" --version 2>&1)"
for pattern in 'include/stratapack/graph.h' 'lib*/pkgconfig/*stratapack.pc' \
	'lib*/libstratapack.a' 'lib*/libstratapack.so' 'lib*/libstratapack.so.[0-9]*' \
	'share/man/man1/stratapack.1*' 'share/bash-completion/completions/stratapack' \
	'share/zsh/*/_stratapack' 'share/fish/*/stratapack.fish'; do
	found=$(find "$installed" -path "$installed/$pattern" | head -n 1)
	ok "installs $pattern" [ -n "$found" ]
done
empty "nothing is installed elsewhere" "$(find "$scratch/installed" -type f ! -path "$installed/*")"

# Where a linker and pkg-config look for them on Debian, whatever the machine has installed.
ok "configure anew" scripts/configure "$scratch/anew" -Dtests=false
is "libraries go to lib" "$(jq -r '.[] | select(.name == "libdir").value' \
	"$scratch/anew/meson-info/intro-buildoptions.json")" lib

# A program of somebody else, with nothing but what is installed.
cat >"$scratch/user.c" <<'END'
#include <stdio.h>
#include <stratapack/graph.h>
#include <stratapack/image.h>
#include <stratapack/plan.h>

int main(void)
{
	struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_item_record record = {.id = "/store/a", .size = 1, .has_size = true};
	if (!graph || strata_graph_add(graph, &record, NULL) ||
		strata_graph_finish(graph, NULL, NULL))
		return 1;
	printf("%u %s\n", strata_graph_count(graph), strata_strategies()[0]->name);
	strata_graph_free(graph);
	return 0;
}
END
libraries=$(dirname "$(find "$installed" -name libstratapack.so)")
export PKG_CONFIG_PATH=$libraries/pkgconfig
package=$(basename "$(find "$libraries/pkgconfig" -name '*.pc')" .pc)
# shellcheck disable=SC2046
ok "compile against the shared library" gcc -Wall -Wextra -Werror "$scratch/user.c" -o "$scratch/user" \
	$(pkg-config --define-variable="prefix=$installed" --cflags --libs "$package")
is "run with the shared library" "$(LD_LIBRARY_PATH=$libraries "$scratch/user")" "1 churn"
# shellcheck disable=SC2046
ok "compile against the static library" gcc -static "$scratch/user.c" -o "$scratch/user" \
	$(pkg-config --define-variable="prefix=$installed" --static --cflags --libs "$package")
is "run with the static library" "$("$scratch/user")" "1 churn"
empty "the library exports nothing but its own names" "$(nm -D --defined-only --format=posix \
	"$libraries/libstratapack.so" | awk '$1 !~ /^strata_/ && $2 != "A" { print $1 }')"
ok "symbols have versions" sh -c "nm -D --with-symbol-versions '$libraries/libstratapack.so' | grep -q 'T strata_.*@@'"
for header in "$installed"/include/stratapack/*.h; do
	ok "${header##*/} stands alone" gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c \
		-I "$installed/include" "$header"
done

# Programs in C++ see C functions.
for header in "$installed"/include/stratapack/*.h; do
	printf '#include <stratapack/%s>\n' "${header##*/}"
done >"$scratch/user.cc"
cat >>"$scratch/user.cc" <<'END'
int main()
{
	strata_error error = STRATA_ERROR_INIT;
	strata_graph *graph = strata_graph_new(&error);
	strata_graph_free(graph);
	return graph && strata_strategy_find("single") ? 0 : 1;
}
END
# shellcheck disable=SC2046
ok "compile a C++ program" g++ -Wall -Wextra -Wpedantic -Werror "$scratch/user.cc" -o "$scratch/user" \
	$(pkg-config --define-variable="prefix=$installed" --cflags --libs "$package")
ok "run it" env LD_LIBRARY_PATH="$libraries" "$scratch/user"
missing=$(grep -ho 'strata_[a-z0-9_]*(' "$installed"/include/stratapack/*.h | tr -d '(' | sort -u |
	comm -23 - <(nm -D --defined-only "$libraries/libstratapack.so" |
		sed -n 's/.* T \(strata_[a-z0-9_]*\)@@.*/\1/p' | sort -u))
empty "the shared library has everything that the headers declare" "$missing"

# The static program: no other input than itself.
ok "make static" make static
not "it is static" ldd build-static/stratapack
cp build-static/stratapack "$scratch/static"
make_store "$scratch/root"
mapfile -t store < <(store_options "$scratch/root")
cd "$scratch" || exit 1
ok "the static program builds an image" env -i ./static build "${store[@]}" -o docker-archive:static.tar
ok "the usual one, too" "$STRATAPACK" build "${store[@]}" -o docker-archive:shared.tar
same "both give the same bytes" static.tar shared.tar
done_testing
