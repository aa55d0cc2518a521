//! Which texts are a complete document, and what is read from them.

use std::fmt::Write as _;

use ec2ql_ec2::{Document, Envelope, Error, Kind, Limits};
use expect_test::{Expect, expect};

pub(crate) const OPERATION: &str = "DescribeImages";
pub(crate) const ROOT: &str = "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">";
pub(crate) const END: &str = "<requestId>r-1</requestId></DescribeImagesResponse>";

/// A walk over all elements: one line each, with its text when it has no children that were entered.
pub(crate) fn outline(body: &[u8]) -> Result<(String, Envelope), Error> {
    let mut document = Document::open(body, OPERATION, &Limits::default())?;
    let mut out = String::new();
    while let Some(list) = document.child()? {
        writeln!(out, "{list}").unwrap();
        while let Some(item) = document.child()? {
            writeln!(out, "  {item}").unwrap();
            while let Some(field) = document.child()? {
                let text = document.text()?;
                writeln!(out, "    {field} = {text:?}").unwrap();
            }
        }
    }
    Ok((out, document.finish()?))
}

/// The same document with every list skipped.
fn skipped(body: &[u8]) -> Result<Envelope, Error> {
    let mut document = Document::open(body, OPERATION, &Limits::default())?;
    while document.child()?.is_some() {
        document.skip()?;
    }
    document.finish()
}

/// Checks a document whose list is `inside`, read and skipped.
fn check(inside: &str, expected: &Expect) {
    let body = format!("{ROOT}{inside}{END}");
    check_body(body.as_bytes(), expected);
}

fn check_body(body: &[u8], expected: &Expect) {
    let (read, passed) = (outline(body), skipped(body));
    let text = match &read {
        Ok((text, _)) => text.clone(),
        Err(error) => format!("{:?}: {error}", error.kind()),
    };
    expected.assert_eq(&text);
    assert_eq!(read.is_ok(), passed.is_ok(), "read and skipped differ: {passed:?}");
    let finished = Document::open(body, OPERATION, &Limits::default()).and_then(Document::finish);
    assert_eq!(read.is_ok(), finished.is_ok(), "read and finished differ: {finished:?}");
}

pub(crate) fn kind(body: &[u8]) -> Kind {
    outline(body).map(|(text, _)| text).unwrap_err().kind()
}

#[test]
fn a_page_cut_at_any_byte_is_no_page() {
    let page = include_bytes!("../data/import-image-tasks.xml");
    let whole = page.iter().rposition(|byte| *byte == b'>').unwrap() + 1;
    let read = |body: &[u8]| {
        let document = Document::open(body, "DescribeImportImageTasks", &Limits::default())?;
        document.finish()
    };
    for length in 0..whole {
        assert!(read(&page[..length]).is_err(), "cut at byte {length}");
    }
    let envelope = read(page).unwrap();
    assert_eq!((envelope.items, envelope.next_token.as_deref()), (2, Some("eyJ2IjoiMiJ9+/==")));
    assert_eq!(read(&page[..whole]).unwrap(), envelope);
}

#[test]
fn x01_no_doctype_is_read() {
    let bomb = format!("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>{ROOT}<a>&b;</a>{END}");
    check_body(bomb.as_bytes(), &expect!["Document: the answer is no complete document: it has a DOCTYPE (byte 62)"]);
    let external = format!("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">{ROOT}{END}");
    check_body(
        external.as_bytes(),
        &expect!["Document: the answer is no complete document: it has a DOCTYPE (byte 40)"],
    );
    assert_eq!(kind(format!("{ROOT}<!DOCTYPE x>{END}").as_bytes()), Kind::Document);
}

#[test]
fn x02_depth_is_bounded_known_or_not() {
    let nested = |depth: usize| format!("{ROOT}{}{}{END}", "<a>".repeat(depth), "</a>".repeat(depth));
    let read = |depth: usize| {
        let body = nested(depth);
        let mut document = Document::open(body.as_bytes(), OPERATION, &Limits::default())?;
        while document.child()?.is_some() {}
        document.finish()
    };
    assert!(read(63).is_ok() && skipped(nested(63).as_bytes()).is_ok());
    for depth in [64, 1_000_000] {
        assert_eq!(read(depth).unwrap_err().kind(), Kind::TooLarge);
        assert_eq!(skipped(nested(depth).as_bytes()).unwrap_err().kind(), Kind::TooLarge);
    }
}

#[test]
fn x03_attributes_are_bounded_and_named_once() {
    let with = |count: usize, name: &str| {
        let mut attributes = String::new();
        for n in 0..count {
            write!(attributes, " {name}{n}=\"v\"").unwrap();
        }
        format!("{ROOT}<a{attributes}/>{END}")
    };
    assert!(outline(with(64, "n").as_bytes()).is_ok());
    assert_eq!(kind(with(65, "n").as_bytes()), Kind::TooLarge);
    assert_eq!(kind(with(1_000_000, "n").as_bytes()), Kind::TooLarge);
    assert_eq!(kind(with(50_000, "xmlns:n").as_bytes()), Kind::TooLarge);
    for malformed in [
        "a=\"1\" a=\"2\"",
        "a=1",
        "a",
        "a=\"<\"",
        "a=\"&x;\"",
        "a=\"&#1;\"",
        "1a=\"\"",
        "a=\"1\"\"2\"",
        "a=\"1\"b=\"2\"",
    ] {
        let body = format!("{ROOT}<a {malformed}/>{END}");
        assert_eq!(kind(body.as_bytes()), Kind::Document, "{malformed}");
    }
}

#[test]
fn x04_each_piece_is_bounded() {
    let long = "x".repeat((1 << 20) + 1);
    let pieces = [
        format!("<a><b><c>{long}</c></b></a>"),
        format!("<a><b><c>{}&amp;{}</c></b></a>", &long[..1 << 19], &long[1 << 19..]),
        format!("<a><b><{long}/></b></a>"),
        format!("<!--{long}-->"),
        format!("<a><b><c><![CDATA[{long}]]></c></b></a>"),
        format!("<?pi {long}?>"),
    ];
    for piece in &pieces {
        let body = format!("{ROOT}{piece}{END}");
        assert_eq!(kind(body.as_bytes()), Kind::TooLarge);
        assert_eq!(skipped(body.as_bytes()).unwrap_err().kind(), Kind::TooLarge);
    }
    let longest = format!("{ROOT}<a><b><c>{}</c></b></a>{END}", &long[1..]);
    assert!(outline(longest.as_bytes()).is_ok());
    let limits = Limits { page_bytes_max: 10, ..Limits::default() };
    assert_eq!(Document::open(b"<a>12345678", OPERATION, &limits).unwrap_err().kind(), Kind::TooLarge);
}

#[test]
fn x05_only_blanks_comments_and_instructions_follow_the_root() {
    let whole = format!("{ROOT}{END}");
    for after in ["", " \r\n\t", "<!-- x -->", "<?pi?>", "\n<!-- a -->\n<?b?>\n"] {
        assert!(outline(format!("{whole}{after}").as_bytes()).is_ok(), "{after:?}");
    }
    for after in
        [&whole, "x", "<a/>", "</a>", "&amp;", "<![CDATA[ ]]>", "<!--", "<?xml version=\"1.0\"?>", "<", "\u{feff}"]
    {
        assert_eq!(kind(format!("{whole}{after}").as_bytes()), Kind::Document, "{after:?}");
        assert!(skipped(format!("{whole}{after}").as_bytes()).is_err(), "{after:?}");
    }
}

#[test]
fn x06_what_is_no_character_or_reference_is_refused() {
    let pieces = [
        "\0",
        "\u{1}",
        "\u{b}",
        "\u{1f}",
        "&#0;",
        "&#1;",
        "&#xD800;",
        "&#x110000;",
        "&#X41;",
        "&#;",
        "&#-1;",
        "&nbsp;",
        "&a",
        "&amp",
        "& ",
        "&;",
        "]]>",
        "<!-- a -- b -->",
    ];
    for piece in pieces {
        let body = format!("{ROOT}<a><b><c>{piece}</c></b></a>{END}");
        assert_eq!(kind(body.as_bytes()), Kind::Document, "{piece:?}");
        assert!(skipped(body.as_bytes()).is_err(), "{piece:?}");
    }
    assert_eq!(kind(b"\xff\xfe<\0"), Kind::Document);
    let latin: Vec<u8> = [ROOT.as_bytes(), b"<a><b><c>\xe9</c></b></a>", END.as_bytes()].concat();
    assert_eq!(kind(&latin), Kind::Document);
}

#[test]
fn x07_a_text_is_all_its_pieces() {
    check(
        "<s><item>\
         <a>x<![CDATA[<&>]]>y<!-- no -->z<?no?>&lt;&#65;&#x1F600;&apos;&quot;&gt;&amp;amp;</a>\
         <b> \t padded \n</b><c><![CDATA[]]></c><d>a\r\nb\rc&#13;</d><e>before<x>inside</x>after</e>\
         </item></s>",
        &expect![[r#"
            s
              item
                a = "x<&>yz<A😀'\">&amp;"
                b = " \t padded \n"
                c = ""
                d = "a\nb\nc\r"
                e = "beforeafter"
        "#]],
    );
}

#[test]
fn every_line_end_is_a_line_feed() {
    check(
        "<s>\r\n<item>\r<a>a\r\nb\rc\nd</a>\r\n</item>\r\n</s>\r\n",
        &expect![[r#"
            s
              item
                a = "a\nb\nc\nd"
        "#]],
    );
}

#[test]
fn x08_prefixes_attributes_and_unknown_elements_are_passed() {
    let body = "<?xml version=\"1.1\" encoding=\"utf-8\"?>\n<n:DescribeImagesResponse xmlns:n=\"https://ec2.amazonaws.com/doc/2099-01-01\" \
                new=\"&lt;\"><n:requestId>r</n:requestId><n:s kind='x'><n:item><n:a><deep><er>1</er></deep>v</n:a></n:item></n:s>\
                <unknown><x><y/></x></unknown></n:DescribeImagesResponse>";
    check_body(
        body.as_bytes(),
        &expect![[r#"
            s
              item
                a = "v"
            unknown
              x
                y = ""
        "#]],
    );
}

#[test]
fn x09_a_missing_list_is_an_empty_page() {
    let (text, envelope) = outline(format!("{ROOT}{END}").as_bytes()).unwrap();
    assert_eq!((text.as_str(), envelope.items), ("", 0));
    let (_, envelope) = outline(format!("{ROOT}<s/><t><item/><item></item></t>{END}").as_bytes()).unwrap();
    assert_eq!(envelope.items, 2);
}

#[test]
fn x10_the_root_is_the_operations_in_ec2s_namespace() {
    let with =
        |root: &str, namespace: &str| kind(format!("<{root}{namespace}><requestId>r</requestId></{root}>").as_bytes());
    for namespace in [
        "",
        " xmlns=\"\"",
        " xmlns=\"http://example.com/doc/2016-11-15/\"",
        " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15//\"",
        " xmlns=\"http://ec2.amazonaws.com/doc/latest/\"",
        " xmlns:n=\"http://ec2.amazonaws.com/doc/2016-11-15/\"",
    ] {
        assert_eq!(with("DescribeImagesResponse", namespace), Kind::Document, "{namespace}");
    }
    for root in ["DescribeVolumesResponse", "DescribeImages", "Images", "html"] {
        assert_eq!(with(root, " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""), Kind::Document, "{root}");
    }
    let future = format!("{}{END}", ROOT.replace("2016", "2031"));
    assert!(outline(future.as_bytes()).is_ok());
}

#[test]
fn x13_empty_absent_and_blank_differ() {
    check(
        "<s><item><a/><b></b><c > </c ></item><item/></s>",
        &expect![[r#"
            s
              item
                a = ""
                b = ""
                c = " "
              item
        "#]],
    );
}

#[test]
fn x17_any_script_passes_unchanged() {
    check(
        "<s><item><a>😀\u{202e}שלום e\u{301} 𝒳 \u{ffff}</a><größe>1</größe></item></s>",
        &expect![[r#"
            s
              item
                a = "😀\u{202e}שלום e\u{301} 𝒳 \u{ffff}"
                größe = "1"
        "#]],
    );
}
