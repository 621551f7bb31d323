#!/usr/bin/env bash
# What `cmake --install` makes is complete, works after it has been moved, and needs nothing of the source or build tree.
# usage: package_test.sh CMAKE BUILD_FOLDER SOURCE_FOLDER WORK_FOLDER LIBDIR
set -euo pipefail
cmake=$1 build=$2 source=$3 work=$4 libdir=$5
rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)
fail() { echo "FAILED: $*" >&2; exit 1; }
step() { echo "== $*"; }

step "install, and move the prefix"
"$cmake" --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/moved"
prefix=$work/moved
portcls=$prefix/bin/portcls
for file in bin/portcls include/openportcls/openportcls.hpp include/openportcls/openportcls.h \
  share/openportcls/wdk/portcls.h share/openportcls/runtime/stdunk share/openportcls/samples/cable/cable.vcxproj \
  "$libdir/libopenportcls.so" "$libdir/libopenportcls.so.0" "$libdir/openportcls/drivers/cable.so" \
  "$libdir/openportcls/drivers/cable.inx" "$libdir/pkgconfig/openportcls.pc" \
  "$libdir/cmake/OpenPortCls/OpenPortClsConfig.cmake" "$libdir/cmake/OpenPortCls/OpenPortClsConfigVersion.cmake" \
  "$libdir/cmake/OpenPortCls/OpenPortClsAddDriver.cmake"; do
  [[ -e $prefix/$file ]] || fail "$file is not installed"
done
[[ ! -e $prefix/include/wdm.h ]] || fail "the WDK headers belong in a folder of their own"
grep -q 'SONAME.*libopenportcls\.so\.0\]' <(readelf -d "$prefix/$libdir/libopenportcls.so") || fail "SONAME"
if readelf -d "$portcls" "$prefix/$libdir/libopenportcls.so" | grep -E 'R(UN)?PATH' | grep -v ORIGIN; then
  fail "a run path that does not move with the prefix"
fi
if grep -rlF "$source/" "$prefix/$libdir/cmake" "$prefix/$libdir/pkgconfig" || grep -rlF "$build/" "$prefix/$libdir/cmake"; then
  fail "a package file names the source or build tree"
fi

step "the command, from its new place"
export OPENPORTCLS_CACHE=$work/cache
"$portcls" drivers --json >"$work/drivers.json"
grep -qF "\"$prefix/$libdir/openportcls/drivers/cable.so\"" "$work/drivers.json" || {
  cat "$work/drivers.json"
  fail "portcls does not use the driver of its own prefix"
}
"$portcls" play /usr/share/sounds/alsa/Front_Center.wav --out "wav:$work/heard.wav" >"$work/play.log"
cmp -s <(tail -c 10000 "$work/heard.wav") <(tail -c 10000 /usr/share/sounds/alsa/Front_Center.wav) ||
  fail "the recording changed on its way"
"$portcls" build "$prefix/share/openportcls/samples/cable" -o "$work/cable.so" --depfile "$work/cable.d" >"$work/build.log"
grep -qF "$prefix/share/openportcls/wdk/portcls.h" "$work/cable.d" || fail "the build did not use the installed headers"
if grep -F "$source/include/wdk" "$work/cable.d"; then fail "the build used the source tree"; fi
"$portcls" info --driver "$work/cable.so" --inf "$prefix/share/openportcls/samples/cable/cable.inx" >"$work/info.log"
(cd / && PATH="$prefix/bin:$PATH" portcls drivers >/dev/null) || fail "portcls does not run through PATH"
ln -s "$portcls" "$work/linked-portcls"
"$work/linked-portcls" drivers >/dev/null || fail "portcls does not run through a link"

step "every header stands on its own"
for header in "$prefix"/include/openportcls/*.hpp; do
  echo "#include <openportcls/$(basename "$header")>" |
    c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ -I "$prefix/include" - || fail "$header"
done
for header in "$prefix"/include/openportcls/c/*.h; do
  echo "#include <openportcls/c/$(basename "$header")>" |
    cc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c -I "$prefix/include" - || fail "$header"
done
echo '#include <openportcls/openportcls.h>' |
  c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ -I "$prefix/include" - || fail "openportcls.h in C++"

step "pkg-config"
export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
read -ra flags < <(pkg-config --cflags --libs openportcls)
for program in meter card; do
  cc -std=c11 -Wall -Wextra -Werror -pedantic "$source/examples/plain-c/$program.c" -o "$work/$program" "${flags[@]}" \
    -Wl,-rpath,"$prefix/$libdir"
  "$work/$program" >/dev/null
done
[[ $(pkg-config --variable=portcls openportcls) -ef $portcls ]] || fail "the variable portcls of openportcls.pc"

step "examples"
"$cmake" -S "$source/examples" -B "$work/examples" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wpedantic -Werror" -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" >"$work/configure.log" ||
  { cat "$work/configure.log"; fail "find_package(OpenPortCls)"; }
"$cmake" --build "$work/examples" >"$work/examples.log" || { tail -40 "$work/examples.log"; fail "examples do not build"; }
ctest --test-dir "$work/examples" --output-on-failure --no-tests=error >"$work/ctest.log" || { cat "$work/ctest.log"; fail "examples"; }
tail -3 "$work/ctest.log"

step "a version that it is not"
mkdir -p "$work/other"
printf 'cmake_minimum_required(VERSION 3.25)\nproject(other NONE)\nfind_package(OpenPortCls 0.9 REQUIRED)\n' >"$work/other/CMakeLists.txt"
if "$cmake" -S "$work/other" -B "$work/other/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null 2>&1; then
  fail "version 0.9 was found"
fi
rm -rf "$work/moved" "$work/examples" "$work/other"
echo ok
