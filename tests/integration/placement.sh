#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Additions are laid on what the image has below them, never on the machine: the base, then items, then
# additions before. What is there stays, what would be hidden is refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1
umask 022

tree() { # tree LAYOUT [PATTERN]: what a container sees
	"$STRATAPACK_SOURCE/tests/merged-tree" "$1" | grep -E "${2:-.}"
}
# base NAME DIRECTORY…: an image made by another program, of layers with what is in the directories
base() {
	local name=$1 directory
	shift
	umoci init --layout "$name" && umoci new --image "$name:base" || return 1
	for directory; do
		tar -C "$directory" --xattrs --numeric-owner --sort=name -cf layer.tar . &&
			umoci raw add-layer --image "$name:base" layer.tar || return 1
	done
}
echo '{"stratapackGraph":1,"items":[]}' >empty.json
# on BASE OPTION…: an image of additions alone, in the layout "image"
on() {
	local base=$1
	shift
	rm -rf image
	"$STRATAPACK" build --graph empty.json --base "$base" --no-cache --no-tmp "$@" -o oci:image:x:1
}
refuse() { # refuse WORDS BASE OPTION…
	local words=$1
	shift
	fails_with 1 "$words" "refused: $*" on "$@"
	not "and nothing is written" test -e image
}
echo mine >file

# --- directories of the base --------------------------------------------------------------------

mkdir -p b1/root b1/var/mail b1/home/app b1/etc/ssl/private b1/tmp
chmod 700 b1/root && chmod 2775 b1/var/mail && chmod 750 b1/home/app && chmod 710 b1/etc/ssl/private && chmod 1777 b1/tmp
chown -R 1000:1000 b1/home/app
setfattr -n user.kept -v yes b1/home/app
find b1 -exec touch -hd @86400 {} +
must "a base" base first b1
mkdir -p tree/var/mail tree/srv && cp file tree/var/mail/k && cp file tree/srv/new
ok "additions in its directories" on oci:first:base --owner 7:7 --copy file=/root/k --copy tree=/ \
	--copy file=/home/app/ --copy file=/etc/ssl/private/k --mkdir /tmp/x --mkdir /home/app --mkdir /var:711
is "which stay as they are" "$(tree image ' d ')" "/etc d 0755 0:0 86400 -
/etc/ssl d 0755 0:0 86400 -
/etc/ssl/private d 0710 0:0 86400 -
/home d 0755 0:0 86400 -
/home/app d 0750 1000:1000 86400 - [user.kept]
/root d 0700 0:0 86400 -
/srv d 0755 7:7 1 -
/tmp d 1777 0:0 86400 -
/tmp/x d 0755 7:7 1 -
/var d 0711 7:7 86400 -
/var/mail d 2775 0:0 86400 -"
is "and have what was added" "$(tree image ' f ' | cut -d' ' -f1)" "/etc/ssl/private/k
/home/app/file
/root/k
/srv/new
/var/mail/k"

# A recipe stands alone: the steps do without the base.
ok "plan" "$STRATAPACK" plan --graph empty.json --base oci:first:base --no-tmp --copy tree=/ --copy file=/home/app/ \
	-o plan.json --recipes recipes
ok "layer" "$STRATAPACK" layer recipes/001.recipe.json -o layer
ok "build" on oci:first:base --copy tree=/ --copy file=/home/app/
is "the layer of a recipe is that of build" "$(jq -r .diffId layer/layer.json)" "$(diff_ids oci:image:1 | tail -n 1)"
ok "and so is that of the plan" "$STRATAPACK" build --plan plan.json --graph empty.json --base oci:first:base --no-cache \
	-o oci:planned:x:1
same "to the byte" planned image

# --- links of the base --------------------------------------------------------------------------

mkdir -p b2/usr/bin b2/data/real b2/gone b2/opq
ln -s usr/bin b2/bin && ln -s /data/real b2/srv && ln -s ../run b2/data/run && ln -s bin/sh b2/sh && ln -s loop b2/loop
echo sh >b2/usr/bin/sh && ln -s nowhere b2/dangling && echo x >b2/gone/x && echo x >b2/opq/x
mkdir -p b3/opq && touch b3/.wh.gone b3/opq/.wh..wh..opq
must "a base with links" base second b2 b3
mkdir -p with/bin with/srv/deep && echo a >with/bin/a && echo b >with/srv/deep/b
ok "additions below links" on oci:second:base --copy file=/bin/tool --copy with=/ --copy file=/srv/www/index \
	--mkdir /data/run/lock --copy file=/gone --symlink /srv/www/link=/x
is "go where these lead in the image" "$(tree image | grep -v ' d .* 0:0 .* -$' | cut -d' ' -f1,2,6)" "/bin l usr/bin
/dangling l nowhere
/data/real/deep/b f 2
/data/real/www/index f 5
/data/real/www/link l /x
/data/run l ../run
/gone f 5
/loop l loop
/sh l bin/sh
/srv l /data/real
/usr/bin/a f 2
/usr/bin/sh f 3
/usr/bin/tool f 5"
is "also where nothing was" "$(tree image '^/run' | cut -d' ' -f1)" "/run
/run/lock"
ok "patterns mean paths as given and as placed" on oci:second:base --copy file=/bin/tool --copy file=/srv/www/index \
	--chmod '/bin/*=700' --chown '/usr/bin/t*=5:6' --chown '/srv/**=8:9'
is "in both names" "$(tree image 'tool|www' | cut -d' ' -f1,3,4)" "/data/real/www 0755 8:9
/data/real/www/index 0644 8:9
/usr/bin/tool 0700 5:6"
is "and leave what is below" "$(tree image '^/(usr/bin|data/real) ' | cut -d' ' -f1,3,4)" "/data/real 0755 0:0
/usr/bin 0755 0:0"
ok "unless that is named" on oci:second:base --copy file=/data/real/x --chown '/data/real/**=8:9'
is "by its own name" "$(tree image '^/data/real' | cut -d' ' -f1,4)" "/data/real 8:9
/data/real/x 8:9"
refuse "'/loop' leads through more than" oci:second:base --copy file=/loop/x
refuse "'/sh', which leads to '/usr/bin/sh', a file" oci:second:base --copy file=/sh/x

# --- what is at the place of a copy --------------------------------------------------------------

places() { # places TARGET…: where "file" comes to
	local to
	for to; do
		on oci:second:base --copy "file=$to" >log 2>&1 || { tail -n 1 log; continue; }
		tree image ' f .* 5$' | cut -d' ' -f1
	done
}
is "a file goes where cp and COPY put it" "$(places /new /new/ /new/sub/ /data /data/ /bin /bin/ /usr/bin/sh /sh /dangling /)" \
	"/new
/new/file
/new/sub/file
/data/file
/data/file
/usr/bin/file
/usr/bin/file
/usr/bin/sh
/sh
/dangling
/file"
mkdir -p clash1/usr/bin/sh clash2 && echo x >clash2/data && mkdir clash3 && ln -s elsewhere clash3/data
refuse "needs a directory at '/usr/bin/sh', where the image has a file" oci:second:base --copy clash1=/
refuse "would replace the directory '/data'" oci:second:base --copy clash2=/
refuse "would replace the directory '/data'" oci:second:base --copy clash3=/
refuse "would replace the directory '/data'" oci:second:base --symlink /data=/x
refuse "where the image has a file" oci:second:base --mkdir /usr/bin/sh
ok "a directory is replaced where that is wanted" on oci:second:base --symlink /data=/x --force-overlap
is "then it is gone" "$(tree image '^/data' | cut -d' ' -f1,2)" "/data l"
ok "what is hidden is listed" on oci:second:base --copy file=/usr/bin/sh --json
is "as JSON" "$(sed -n '/^{/,/^}/p' ok.log | jq -c .hidden)" \
	'[{"path":"/usr/bin/sh","by":"customisation"}]'
ln -s file alias
ok "a name is that which was written" on oci:second:base --copy alias=/new/
is "not where it leads" "$(tree image ^/new/ | cut -d' ' -f1,6)" "/new/alias 5"

# --- the machine's own files say nothing ---------------------------------------------------------

mkdir -p system/usr/bin system/var/lib/dpkg/info system/etc
ln -s usr/bin system/bin && echo host >system/etc/passwd && echo tool >system/usr/bin/tool && ln -s usr/bin system/sbin
package() { # package NAME PATH…: tell the database of a package
	local name=$1
	shift
	printf 'Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n' "$name" >>system/var/lib/dpkg/status
	printf '%s\n' "$@" >"system/var/lib/dpkg/info/$name.list"
}
package tool /. /usr /usr/bin /usr/bin/tool
of_system() {
	rm -rf image
	"$STRATAPACK" build tool --root system --no-cache --no-tmp --package-database none "$@" -o oci:image:x:1
}
ok "a link of the machine that no item has" of_system --copy file=/sbin/x --copy file=/etc/passwd
is "is not followed" "$(tree image '^/(etc|sbin|usr)' | cut -d' ' -f1,2,6)" "/etc d -
/etc/passwd f 5
/sbin d -
/sbin/x f 5
/usr d -
/usr/bin d -
/usr/bin/tool f 5"
package links /. /bin /usr /usr/bin
ok "one that an item has" of_system links --copy file=/bin/x
is "is" "$(tree image x$ | cut -d' ' -f1)$(tree image 'x f' | cut -d' ' -f1)" "/usr/bin/x"

# --- items on a base ----------------------------------------------------------------------------

mkdir -p b4/bin && echo sh >b4/bin/sh
must "a base without merged /usr" base unmerged b4
fails_with 1 "'/bin' is a directory in the base image 'oci:unmerged:base', and a symbolic link to usr/bin in the item 'links:amd64'" \
	"a link never replaces a directory of the base" of_system links --base oci:unmerged:base
ok "unless it is forced" of_system links --base oci:unmerged:base --force-overlap --table
cp ok.log log
ok "and then it is listed" grep -q '^/bin .*links:amd64' log
# What packages make when they are installed, and links that stand for their paths, are files of items.
echo bins >system/usr/bin/bins && chmod 755 system/usr/bin/bins
package bins /. /bin /bin/bins
fails_with 1 "'/bin' is a directory in the base image 'oci:unmerged:base', and a symbolic link to usr/bin in the item" \
	"nor does one that stands for a path of a package" of_system bins --base oci:unmerged:base
ok "what is copied below such a link" of_system bins --copy file=/bin/x
is "goes where it leads" "$(tree image '/x f' | cut -d' ' -f1)" "/usr/bin/x"
mkdir -p system/usr/share/base-passwd && echo 'www:x:33:33::/:/bin/sh' | tee system/etc/passwd >system/usr/share/base-passwd/passwd.master
package base-passwd /. /usr /usr/share /usr/share/base-passwd /usr/share/base-passwd/passwd.master
ok "an account that a package makes" of_system base-passwd --user www
cp ok.log log
not "is known" grep -q "user 'www'" log
mkdir -p b7/etc && echo 'app:x:7:7::/:/bin/sh' >b7/etc/passwd
must "a base with accounts" base accounts b7
ok "accounts above others" of_system base-passwd --base oci:accounts:base --table
cp ok.log log
ok "are told to hide them" grep -q '^/etc/passwd .*generated:accounts' log
mkdir -p unmerged/bin && echo y >unmerged/bin/y
echo '{"stratapackGraph":1,"items":[{"id":"y","trees":["/bin/y"]}]}' >y.json
fails_with 1 "'/bin' is a symbolic link to 'usr/bin' in the base image 'oci:second:base', and a directory in the item 'y'" \
	"nor a directory a link" "$STRATAPACK" build --graph y.json --root unmerged --base oci:second:base --no-cache -o oci:image2
mkdir -p b5/usr/bin b5/var/lib/dpkg/info && echo older >b5/usr/bin/tool && ln -s usr/bin b5/bin
echo "/bin/tool" >b5/var/lib/dpkg/info/tool:amd64.list
must "a base with the package" base packaged b5
ok "a package's own file gives way to it" of_system --base oci:packaged:base
echo "/bin/tool" >b5/var/lib/dpkg/info/other.list && rm b5/var/lib/dpkg/info/tool:amd64.list
must "a base with another package" base others b5
fails_with 1 "'/usr/bin/tool' is a file in the base image" "another's does not" of_system --base oci:others:base
mkdir b6 && echo "tool" >b6/f
must "a base without any" base plain b6
ok "where nothing is hidden, a base changes no layer of items" of_system --base oci:plain:base
of_item=$(diff_ids oci:image:1 | tail -n 1)
ok "without base" of_system
is "it is the same" "$(diff_ids oci:image:1 | tail -n 1)" "$of_item"

# --- what copies keep ---------------------------------------------------------------------------

mkdir -p kept/in && head -c 300000 /dev/urandom >kept/one && ln kept/one kept/in/two && ln kept/one kept/three
cp file kept/capable && setcap cap_net_bind_service+ep kept/capable && setfattr -n user.note -v x kept/capable
truncate -s 64M kept/sparse
mknod kept/deleted c 0 0 && setfattr -n trusted.overlay.opaque -v y kept/in
cp file kept/listed && chmod 640 kept/listed && setfacl -m u:1000:rwx kept/listed
ok "a copy" on oci:plain:base --copy kept=/kept
cp ok.log log
is "keeps hard links, capabilities and attributes" "$(tree image ^/kept | cut -d' ' -f1,2,3,6-)" "/kept d 0755 -
/kept/capable f 0644 5 [security.capability,user.note]
/kept/in d 0755 -
/kept/in/two f 0644 300000
/kept/listed f 0640 5
/kept/one f 0644 =kept/in/two
/kept/sparse f 0644 67108864
/kept/three f 0644 =kept/in/two"
ok "a hole costs nothing" [ "$(du -sk image | cut -f1)" -lt 600 ]
for words in "an access control list" "mark of an overlay" "marks of an overlay"; do
	ok "it tells of $words" grep -q "$words" log
done
ok "names of one file whose modes differ" on oci:plain:base --copy kept=/kept --chmod '/kept/one=600'
is "are files of their own" "$(tree image '^/kept/(one|three)' | cut -d' ' -f1,3,6)" "/kept/one 0600 300000
/kept/three 0644 =kept/in/two"

# --- what is never packed -----------------------------------------------------------------------

mkdir app && cp file app/f && cd app || exit 1
for round in 1 2; do
	ok "a build into what it copies, $round" "$STRATAPACK" build --graph ../empty.json --cache cache --copy .=/app \
		-o docker-archive:image.tar:x -o oci:layout:x
	cp image.tar "../round-$round.tar"
done
cd .. || exit 1
same "gives the same twice" round-1.tar round-2.tar
is "without its outputs and its cache" "$(tree app/layout ^/app | cut -d' ' -f1)" "/app
/app/f"

# --- additions on additions ----------------------------------------------------------------------

mkdir -p link/usr/lib && ln -s usr/lib link/lib
ok "a link that an earlier copy brings" on oci:plain:base --copy link=/ --copy file=/lib/x
is "is followed" "$(tree image 'x f|lib|usr' | cut -d' ' -f1)" "/lib
/usr
/usr/lib
/usr/lib/x"
ok "directories that are made for a file" on oci:plain:base --copy file=/srv/app/run --chown '/srv/app/**=1000:1000'
is "are its own" "$(tree image ^/srv | cut -d' ' -f1,4)" "/srv 0:0
/srv/app 1000:1000
/srv/app/run 1000:1000"

# --- links to items, as a profile ----------------------------------------------------------------

mkdir -p store/{a/bin,b/sbin,b/share,c/bin} && echo a >store/a/bin/a && echo b >store/b/sbin/b && echo c >store/c/bin/c
ln -s bin store/a/sbin && ln -s sbin store/b/bin && ln -s bin store/c/sbin && ln -s a store/alias
mkdir root && mv store root/store
jq -n '{stratapackGraph: 1, items: [("a", "b", "c", "alias") | {id: "/store/\(.)", content: "store"}]}' >store.json
profile() {
	rm -rf image
	"$STRATAPACK" build --graph store.json --root root --no-cache --no-tmp "$@" -o oci:image:x:1
}
ok "items whose bin and sbin are links to each other" profile --link /store/a --link /store/b --link /store/c
is "are joined, and none is lost" "$(tree image '^/s?bin' | cut -d' ' -f1,2,6)" "/bin d -
/bin/a l /store/a/bin/a
/bin/b l /store/b/sbin/b
/bin/c l /store/c/bin/c
/sbin d -
/sbin/a l /store/a/bin/a
/sbin/b l /store/b/sbin/b
/sbin/c l /store/c/bin/c"
ok "an item that is a link" profile --link /store/alias
is "is what it leads to" "$(tree image '^/bin/' | cut -d' ' -f1,6)" "/bin/a /store/a/bin/a"
mkdir into && ln -s /store/a/bin into/bin
fails_with 1 "the link '/bin' leads to '/store/a/bin', in the item '/store/a'" "nothing is added to an item of a store" \
	profile --copy into=/ --copy file=/bin/x
done_testing
