#!/bin/sh
# install.sh VENV LOCKFILE [bare]: make the environment, or bring it up to date. Plain pip can do it all;
# uv, itself installed by pip and checked by hash, does it ten times faster. `bare` leaves out
# coursehouse itself.
set -eu
venv=$1
lock=$2
python=${PYTHON:-python3}

fail() {
    echo "coursehouse: $1" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "no $python found: install Python 3.11 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed, $python is $("$python" -V 2>&1); set PYTHON=python3.11"

# a killed install leaves an environment without pip: make it again
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    "$python" -m venv "$venv" >/dev/null 2>&1 ||
        fail "Python cannot make environments here: install python3-venv (apt-get install python3-venv)"
fi

echo "installing $lock into $venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
pip="$venv/bin/python -m pip install --quiet --require-hashes"
if $pip -r requirements/uv.txt &&
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"; then
    :
else
    # uv does not read pip's configuration: behind a private mirror only pip finds the packages
    echo "uv could not install, trying pip (about a minute)"
    $pip -r "$lock" || fail "the packages of $lock could not be installed, see above"
fi
[ "${3:-}" = bare ] ||
    "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
