//! The signatures. To add one: an id that begins with its group, a pattern for decoded text, words of which at least one
//! is in every match, and true and false examples in `tests.rs`.
//!
//! In patterns `~` stands for white space or a comment of SQL, at least one.

use Place::{Body, Header, Path, Query};

/// What an attack is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// SQL databases.
    Sql,
    /// Browsers that show what was sent.
    Xss,
    /// Files outside the folder that is served.
    PathTraversal,
    /// Shells.
    Command,
    /// Look-ups of logging libraries (CVE-2021-44228).
    Jndi,
    /// LDAP filters.
    Ldap,
    /// Operators of document databases.
    NoSql,
    /// Metadata services of clouds, and schemes that reach inside.
    Ssrf,
    /// Header sections of what is behind.
    Crlf,
    /// Encodings that hide one of the others.
    Encoding,
}

impl Group {
    /// All of them.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const ALL: [Self; 10] = [
        Self::Sql,
        Self::Xss,
        Self::PathTraversal,
        Self::Command,
        Self::Jndi,
        Self::Ldap,
        Self::NoSql,
        Self::Ssrf,
        Self::Crlf,
        Self::Encoding,
    ];

    /// As policies write it; ids of signatures begin with it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Xss => "xss",
            Self::PathTraversal => "path",
            Self::Command => "command",
            Self::Jndi => "jndi",
            Self::Ldap => "ldap",
            Self::NoSql => "nosql",
            Self::Ssrf => "ssrf",
            Self::Crlf => "crlf",
            Self::Encoding => "encoding",
        }
    }
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The path.
    Path,
    /// Names and values of the query or of a form.
    Query,
    /// Values of header fields.
    Header,
    /// The body. Documents hold code and prose: only what is no ordinary text applies here.
    Body,
}

/// A shape of text.
#[derive(Debug)]
pub(crate) struct Signature {
    /// Stable: policies and reports name it.
    pub(crate) id: &'static str,
    /// What it is aimed at.
    pub(crate) group: Group,
    /// Where it applies.
    pub(crate) places: &'static [Place],
    /// What it looks like, after decoding, whatever the case.
    pub(crate) pattern: &'static str,
    /// One of these is in every match.
    pub(crate) words: &'static [&'static str],
}

/// The pattern with its abbreviation written out.
pub(super) fn spelled_out(pattern: &str) -> String {
    pattern.replace('~', r"(?:\s|/\*[^*]*\*/)+")
}

const ALL: &[Place] = &[Path, Query, Header, Body];
const NOT_BODY: &[Place] = &[Path, Query, Header];
const ONLY_QUERY: &[Place] = &[Query];

const fn signature(
    id: &'static str,
    group: Group,
    places: &'static [Place],
    words: &'static [&'static str],
    pattern: &'static str,
) -> Signature {
    Signature {
        id,
        group,
        places,
        pattern,
        words,
    }
}

/// All signatures but those of [`Group::Encoding`], which decoding itself finds.
pub(crate) const SIGNATURES: &[Signature] = &[
    // === SQL ===
    // A quote that ends the text, and a comparison that is always so.
    signature(
        "sql-tautology",
        Group::Sql,
        ALL,
        &["or", "and", "||"],
        r#"['"`](?:~|\))*(?:\b(?:or|and)\b|\|\|)(?:~|[(!])*(?:not~)?['"`]?\w*['"`]?(?:~|\))*(?:=|<>|!=|<|>|\blike~|\bbetween~\d)[\s(]*['"`]?\w"#,
    ),
    // The same where the text was a number.
    signature(
        "sql-numeric-tautology",
        Group::Sql,
        ONLY_QUERY,
        &["or", "and"],
        r"^-?\d+(?:~|\))*\b(?:or|and)~?\(*(?:not~)?\d+(?:~|\))*(?:=|<>|!=|<|>|like~)\s*\d+",
    ),
    signature(
        "sql-union",
        Group::Sql,
        ALL,
        &["union"],
        r"\bunion~(?:all~|distinct~)?\(?(?:~)?select~(?:null\b|\d+\s*(?:,|--|#|$)|@@\w|\*~?from|'[^']*'\s*,|\w+\(|(?:[\w.`]+\s*,\s*)*[\w.`*]+~from~[\w.`]+\s*(?:--|#|;|/\*|$|where~))",
    ),
    signature(
        "sql-stacked",
        Group::Sql,
        ALL,
        &[
            "drop", "truncate", "alter", "insert", "delete", "update", "shutdown", "exec",
        ],
        r#"['"][\s)]*;\s*(?:(?:drop|truncate|alter)~(?:table|database|schema|view|user)~|insert~into~|delete~from~|update~[\w.]+~set~|shutdown\b|exec(?:ute)?~(?:xp_|sp_|master))"#,
    ),
    signature(
        "sql-comment-end",
        Group::Sql,
        ONLY_QUERY,
        &["--", "#", "/*"],
        r#"^[^'"]{0,100}['"][\s)]*(?:--[\s+-]*$|#\s*$|/\*[^*]*$)"#,
    ),
    signature(
        "sql-delay",
        Group::Sql,
        ALL,
        &["sleep", "benchmark", "waitfor"],
        r#"(?:(?:['")\d]|\bselect)[\s)]*(?:~|,|;|\|\||&&|\b(?:and|or|select)\b|[+('-])*(?:pg_)?sleep\s*\(\s*\d|waitfor~delay~?['"]|\bbenchmark\s*\(\s*\d{4,}\s*,)"#,
    ),
    signature(
        "sql-schema",
        Group::Sql,
        NOT_BODY,
        &[
            "information_schema",
            "sqlite_master",
            "pg_catalog",
            "sysobjects",
            "all_tables",
        ],
        r"\bfrom~[(`\[]?(?:information_schema`?\.`?(?:tables|columns|schemata)|sqlite_master|pg_catalog\.|sysobjects|all_tables)\b",
    ),
    signature(
        "sql-files",
        Group::Sql,
        ALL,
        &["xp_", "outfile", "dumpfile", "load_file"],
        r#"exec(?:ute)?~(?:master\.+)?(?:dbo\.)?xp_\w+|\binto~(?:out|dump)file~['"]|\bload_file\s*\(\s*(?:['"]|0x)"#,
    ),
    // === Cross-site scripting ===
    signature(
        "xss-script",
        Group::Xss,
        ALL,
        &["<script"],
        r"<script(?:[\s/]+[^>]{0,200})?>\s*[^<\s][^<]{0,2000}[(=`]|<script[\s/]+[^>]{0,200}src\s*=|<script[\s/>][^`]{0,200}$",
    ),
    signature(
        "xss-handler",
        Group::Xss,
        ALL,
        &["on"],
        r#"<[a-z][a-z0-9-]*[\s/"'][^>]{0,300}?\bon[a-z]{3,24}\s*=\s*[^\s>]"#,
    ),
    // Out of an attribute: a quote, then a handler.
    signature(
        "xss-attribute",
        Group::Xss,
        NOT_BODY,
        &["on"],
        r#"["'][\s/]+on(?:load|error|click|focus|blur|mouse\w+|key\w+|animation\w+|toggle|pointer\w+|begin)\s*=\s*[^\s]"#,
    ),
    signature(
        "xss-scheme",
        Group::Xss,
        ALL,
        &["script"],
        r#"(?:\b(?:href|src|action|formaction|xlink:href|data)\s*=\s*["']?|\]\(|^)[\s\x00-\x20]*(?:j\s*a\s*v\s*a|v\s*b)\s*s\s*c\s*r\s*i\s*p\s*t\s*:\s*[\w.%/*\[\]'"$-]*[(`=]"#,
    ),
    signature(
        "xss-embed",
        Group::Xss,
        NOT_BODY,
        &[
            "<iframe", "<object", "<embed", "<applet", "<base", "<meta", "<svg", "<math",
        ],
        r"<(?:iframe|object|embed|applet|svg|math)[\s/>]|<base[^>]{0,100}href\s*=|<meta[^>]{0,100}http-equiv\s*=",
    ),
    signature(
        "xss-data",
        Group::Xss,
        ALL,
        &["data:"],
        r#"(?:=\s*["']?|^)\s*data:(?:text/html|image/svg\+xml|application/xhtml\+xml)[;,]"#,
    ),
    // === Path traversal ===
    signature(
        "path-parent",
        Group::PathTraversal,
        NOT_BODY,
        &["../", "..\\", "..;/"],
        r"(?:^|[/\\=:;])\.\.(?:;[^/]*)?[/\\]",
    ),
    signature(
        "path-parent-end",
        Group::PathTraversal,
        &[Path],
        &["/..", "\\.."],
        r"[/\\]\.\.(?:;[^/]*)?$",
    ),
    signature(
        "path-system-file",
        Group::PathTraversal,
        NOT_BODY,
        &[
            "etc/",
            "etc\\",
            "windows",
            "proc/",
            "boot.ini",
            "web-inf",
            ".git/",
            ".env",
            ".aws/",
            ".ssh/",
            ".htpasswd",
        ],
        r"(?:^|[/\\:])(?:etc[/\\]+(?:passwd|shadow|sudoers|hosts)\b|windows[/\\]+(?:win\.ini|system32)|proc[/\\]+self[/\\]|boot\.ini$|web-inf[/\\]+web\.xml|\.git[/\\](?:config|head)$|\.env$|\.aws[/\\]credentials|\.ssh[/\\]id_|\.htpasswd$)",
    ),
    signature(
        "path-system-file-relative",
        Group::PathTraversal,
        &[Body],
        &["etc/", "etc\\", "windows", "proc/"],
        r"(?:\.\.[/\\]+){2,}(?:[\w.-]+[/\\]+)*?(?:etc[/\\]+(?:passwd|shadow)|windows[/\\]+(?:win\.ini|system32)|proc[/\\]+self)",
    ),
    signature("path-null", Group::PathTraversal, NOT_BODY, &["\0"], r"\x00"),
    signature(
        "path-wrapper",
        Group::PathTraversal,
        &[Query, Header],
        &["php://", "phar://", "expect://", "zip://", "glob://", "compress."],
        r"(?:^|=)\s*(?:php|phar|expect|zip|glob|compress\.(?:zlib|bzip2))://",
    ),
    // === Shells ===
    signature(
        "command-chain",
        Group::Command,
        &[Query, Header],
        &[
            "cat",
            "curl",
            "wget",
            "nc",
            "sh",
            "rm",
            "ping",
            "powershell",
            "nslookup",
            "chmod",
        ],
        r"(?:[;|`\n]|&&|\$\()\s*(?:/(?:usr/)?(?:local/)?s?bin/)?(?:cat\s+[/.~$*]|(?:curl|wget)\s+(?:-\S+\s+)*\S*(?:://|\.\w)|(?:nc|ncat|netcat)\s+(?:-|\d)|(?:ba|z|da|k)?sh\s+-[cip]|rm\s+-[rf]|ping6?\s+-[cnt]\s|powershell(?:\.exe)?\s+-|nslookup\s+\S+\.|chmod\s+[0-7+])",
    ),
    signature(
        "command-probe",
        Group::Command,
        &[Query, Header],
        &["id", "whoami", "uname", "ls", "sleep", "ipconfig", "ifconfig"],
        r"(?:[;`\n]|&&|\|\||\$\()\s*(?:/(?:usr/)?s?bin/)?(?:id|whoami|uname(?:\s+-[a-z]+)?|ls(?:\s+-[a-z]+)?(?:\s+[/.]\S*)?|sleep\s+\d+|ipconfig|ifconfig)\s*(?:$|[;`&)|#])",
    ),
    signature(
        "command-shell",
        Group::Command,
        &[Query, Header],
        &["/bin/", "cmd.exe", "cmd /c", "/dev/tcp/"],
        r"/bin/(?:ba|z|da|k|c)?sh\b|\bcmd(?:\.exe)?\s+/c\b|/dev/tcp/",
    ),
    signature(
        "command-reverse-shell",
        Group::Command,
        &[Body],
        &["/dev/tcp/"],
        r">\s*&?\s*/dev/tcp/[\w.-]+/\d+|/dev/tcp/[\w.-]+/\d+\s+0>",
    ),
    // CVE-2014-6271.
    signature(
        "command-function",
        Group::Command,
        &[Query, Header],
        &["()"],
        r"\(\)\s*\{\s*(?::|_)?[^}]{0,40}\}\s*;",
    ),
    signature(
        "command-field-separator",
        Group::Command,
        &[Query, Header],
        &["$ifs", "${ifs"],
        r"\$\{?ifs\b",
    ),
    // === Look-ups of logging libraries ===
    signature(
        "jndi-lookup",
        Group::Jndi,
        ALL,
        &["jndi"],
        r"\$\{\s*jndi\s*:\s*(?:\w+\s*:|\$\{)",
    ),
    signature(
        "jndi-nested",
        Group::Jndi,
        ALL,
        &["${"],
        r"\$\{[^{}]{0,60}(?:\$\{(?:lower|upper|env|sys|java|date|main|ctx|::|[^{}:]{0,20}:[^{}]{0,40}:)[^{}]{0,40}\}[^{}]{0,40}){2,}",
    ),
    // === LDAP ===
    signature(
        "ldap-filter",
        Group::Ldap,
        &[Query, Header, Body],
        &[")(", ") (", ")\t("],
        r"(?:^|[*\w])\s*\)\s*\(\s*(?:[|&!]\s*\(\s*)*(?:uid|cn|sn|ou|dc|objectclass|userpassword|mail|member(?:of)?|samaccountname|givenname)\s*(?:[~<>]?=|:)",
    ),
    signature(
        "ldap-wildcard",
        Group::Ldap,
        &[Query],
        &["*)("],
        r"^[^()]*\*\)\(\s*[|&!]",
    ),
    // === Document databases ===
    signature(
        "nosql-parameter",
        Group::NoSql,
        &[Query],
        &["[$"],
        r"\[\$(?:ne|eq|gte?|lte?|n?in|regex|where|exists|n?or|and|not|elemmatch|expr|type)\]",
    ),
    signature(
        "nosql-operator",
        Group::NoSql,
        &[Query, Body],
        &["$"],
        r#"\{\s*["']?\$(?:where|ne|gte?|lte?|nin|regex|exists|expr|function|accumulator)["']?\s*:"#,
    ),
    signature(
        "nosql-script",
        Group::NoSql,
        &[Query, Body],
        &["this."],
        r#"['"]\s*(?:;\s*return\b|\|\||&&)\s*\(?\s*(?:!?\s*this\.|[^;]{0,60}\bthis\.\w+\s*[=!.])"#,
    ),
    // === Inside addresses ===
    signature(
        "ssrf-metadata",
        Group::Ssrf,
        &[Query, Header, Body],
        &[
            "169.254.",
            "a9fe:a9fe",
            "fd00:ec2",
            "metadata.google",
            "100.100.100.200",
            "metadata.azure",
            "2852039166",
            "0xa9fea9fe",
            "0xa9.",
            "0251.",
            "168.63.129.16",
        ],
        r#"(?:(?:://|^|[=@"'])(?:[^/@\s"']{0,60}@)?(?:169\.254\.(?:169\.254|170\.(?:2|23))|\[(?:::ffff:)?(?:169\.254\.169\.254|a9fe:a9fe|fd00:ec2::254)\]|metadata\.google\.internal|100\.100\.100\.200|metadata\.azure\.\w+|168\.63\.129\.16)|://(?:[^/@\s"']{0,60}@)?(?:2852039166|0xa9fea9fe|0xa9\.0xfe\.0xa9\.0xfe|0251\.0376\.0251\.0376))\.?(?:[:/?#\s"']|$)"#,
    ),
    signature(
        "ssrf-scheme",
        Group::Ssrf,
        &[Query, Header],
        &["gopher:", "dict:", "netdoc:", "jar:", "file:"],
        r"(?:^|=)\s*(?:(?:gopher|dict|netdoc)://?|jar:\w+:|file:/)",
    ),
    // === Header sections ===
    signature(
        "crlf-header",
        Group::Crlf,
        NOT_BODY,
        &["\r", "\n"],
        r"[\r\n]\s*(?:set-cookie\s*:\s*[^\s=]+=|location\s*:\s*(?:https?:)?//|content-(?:length|type|disposition|encoding)\s*:\s*\S|transfer-encoding\s*:|access-control-[a-z-]+\s*:|x-(?:forwarded|xss|frame|real|original)-[a-z-]+\s*:|refresh\s*:\s*\d)",
    ),
    signature(
        "crlf-message",
        Group::Crlf,
        NOT_BODY,
        &["http/"],
        r"[\r\n]\s*(?:http/[12](?:\.[01])?\s+\d{3}\b|(?:get|post|put|delete|head|options)\s+\S+\s+http/[12])",
    ),
    signature("crlf-path", Group::Crlf, &[Path], &["\r", "\n"], r"[\r\n]"),
];
