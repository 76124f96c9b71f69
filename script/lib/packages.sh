# Sourced by script/test: the programs outside Python that some tests use. Those tests skip, saying so, without them.

# Prints the Debian packages whose programs are missing.
missing_packages() {
    command -v chromium >/dev/null || echo chromium
    command -v localc >/dev/null || echo libreoffice-calc
    /usr/bin/python3 -c 'import uno' 2>/dev/null || echo python3-uno
    [ -x /usr/sbin/slapd ] || command -v slapd >/dev/null || echo slapd
    [ -e /usr/include/ldap.h ] || echo libldap2-dev
    [ -e /usr/include/sasl/sasl.h ] || echo libsasl2-dev
    command -v cc >/dev/null || echo gcc libc6-dev python3-dev
    ldconfig -p 2>/dev/null | grep -q libpangoft2 || echo libpango-1.0-0 libpangoft2-1.0-0
    ldconfig -p 2>/dev/null | grep -q libharfbuzz-subset || echo libharfbuzz-subset0
    [ -n "$(fc-list :lang=zh 2>/dev/null)" ] || echo fonts-noto-cjk
}

# Installs them where that is possible without asking anybody.
install_packages() {
    local missing
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        say "installing $missing..."
        # shellcheck disable=SC2086 # a list of words
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq --yes --no-install-recommends $missing >/dev/null </dev/null || true
        missing=$(missing_packages | tr '\n' ' ')
        [ -n "$missing" ] || return 0
    fi
    say "missing: ${missing}— the tests that need them are skipped"
}

# Adds python-ldap to the environment in the path, where it can be compiled.
install_ldap_client() {
    pip install --quiet --disable-pip-version-check --no-input --require-hashes \
        --only-binary :all: --no-binary python-ldap --no-build-isolation -r "$root/requirements-ldap.lock" ||
        say "python-ldap cannot be compiled here — the tests that need it are skipped"
}
