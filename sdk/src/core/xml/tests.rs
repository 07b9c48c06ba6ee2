//! The codec, on types of the made-up model that has every case.
#![allow(deprecated)]

use super::{ListDecoder, Root, Step, read_list, read_record, record, root};
use crate::core::link::{Link, List};
use crate::core::table::Record;
use crate::ovirt::golden::types::{Host, OddId, OddValue, Option as OptionType, Thing};
use proptest::prelude::*;

fn read<T: Record + Default>(text: &str) -> Result<T, String> {
    let mut value = T::default();
    let found: Root<'_> = root(text).map_err(|error| error.to_string())?.ok_or("no element")?;
    read_record(found, &mut value).map_err(|error| error.to_string())?;
    Ok(value)
}

fn thing(text: &str) -> Thing {
    read(text).unwrap()
}

fn full() -> Thing {
    Thing::new()
        .id("1")
        .name("a <&> \"b\" 'c' ä\t\n\rx")
        .r#type("t")
        .boolean_value(true)
        .integer_value(i64::MIN)
        .decimal_value(123_456.789)
        .date_value("2016-09-08T09:53:35.138+02:00".parse().unwrap())
        .enum_value(OddValue::X86_64)
        .policies(vec!["x".to_owned(), String::new()])
        .usages(vec![OddValue::True, "new".into()])
        .parent(Thing::new().name("p"))
        .option(OptionType::new().id(7).value("v"))
        .options([OptionType::new().value("1"), OptionType::new()])
        .servers([Host::new().id("h1")])
        .numa_nodes([OptionType::new().id(0)])
        .password("secret")
        .keys([OptionType::new().value("secret")])
        .host(Link::by_id("h"))
        .things([Thing::new().id("2")])
}

#[test]
fn what_is_written_reads_back() {
    let text = record(&full()).unwrap();
    assert_eq!(thing(&text), full(), "{text}");
}

#[test]
fn elements_have_the_names_of_the_wire() {
    let text = record(&full()).unwrap();
    for part in [
        "<thing id=\"1\">",
        "<parent><name>p</name></parent>",
        "<option id=\"7\"><value>v</value></option>",
        "<options><option><value>1</value></option><option/></options>",
        "<servers><host id=\"h1\"/></servers>",
        "<host_numa_nodes><option id=\"0\"/></host_numa_nodes>",
        "<policies><policy>x</policy><policy></policy></policies>",
        "<usages><usage>true</usage><usage>new</usage></usages>",
        "<host id=\"h\"/>",
        "<things><thing id=\"2\"/></things>",
        "<decimal_value>123456.789</decimal_value>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn what_the_model_does_not_know_is_passed_over() {
    let text = "<?xml version=\"1.0\"?><!-- c --><thing x=\"1\" id=\"a\"><actions><link rel=\"r\" href=\"/h\"/><name>no</name></actions>\
                <p:name xmlns:p=\"u\">no</p:name><options size=\"2\"><size>2</size><option><value>1</value></option><link/></options></thing>";
    assert_eq!(thing(text), Thing::new().id("a").options([OptionType::new().value("1")]));
}

#[test]
fn the_last_of_several_counts() {
    let text = "<thing><name>a</name><option id=\"1\"/><option><value>v</value></option><name>b</name></thing>";
    assert_eq!(thing(text), Thing::new().name("b").option(OptionType::new().value("v")));
}

#[test]
fn empty_elements() {
    assert_eq!(thing("<thing><name/><integer_value/><date_value/><enum_value/></thing>"), Thing::new());
    assert_eq!(thing("<thing><name></name></thing>"), Thing::new().name(""));
    assert_eq!(thing("<thing/>"), Thing::new());
    assert_eq!(thing("<thing><policies/><options/></thing>"), Thing::new().policies(Vec::new()).options([]));
    assert!(read::<Thing>("<thing><integer_value></integer_value></thing>").unwrap_err().contains("integer_value"));
}

#[test]
fn unknown_enum_texts_are_kept() {
    let found =
        thing("<thing><enum_value>brand_new</enum_value><usages><usage>static</usage><usage>odd</usage></usages></thing>");
    assert_eq!(found.enum_value, Some(OddValue::Unrecognized("brand_new".to_owned())));
    assert_eq!(found.usages, Some(vec![OddValue::Static, OddValue::Unrecognized("odd".to_owned())]));
    assert_eq!(read::<OddId>("<odd_id id=\"new\"/>").unwrap().id.unwrap().as_str(), "new");
}

#[test]
fn lists_keep_their_path_and_links_name_it() {
    let found = thing("<thing><things href=\"/inline\"><thing id=\"2\"/></things></thing>").things.unwrap();
    assert_eq!((found.href.as_deref(), found.len()), (Some("/inline"), 1));
    for text in [
        "<thing><link rel=\"things\" href=\"/link\"/><things href=\"/inline\"><thing/></things></thing>",
        "<thing><things href=\"/inline\"><thing/></things><link rel=\"things\" href=\"/link\"/></thing>",
    ] {
        let found = thing(text).things.unwrap();
        assert_eq!((found.href.as_deref(), found.len()), (Some("/link"), 1), "{text}");
    }
    let unread = thing("<thing><link rel=\"things\" href=\"/link\"/><link rel=\"other\" href=\"/x\"/></thing>");
    assert_eq!(unread.things.as_ref().unwrap().href.as_deref(), Some("/link"));
    assert_eq!(record(&unread).unwrap(), "<thing/>", "an unread list says nothing about its items");
}

#[test]
fn links_are_references_or_objects() {
    let found = thing("<thing><host href=\"/h/1\" id=\"1\"/></thing>").host.unwrap();
    assert_eq!((found.id(), found.href(), found.get().is_some()), (Some("1"), Some("/h/1"), false));
    let mut found = thing("<thing><host id=\"1\"><name>n</name></host></thing>").host.unwrap();
    assert_eq!((found.id(), found.get().and_then(|host| host.name.as_deref())), (Some("1"), Some("n")));
    found.get_mut().name = None;
    assert_eq!(found, Link::by_id("1"));
    let mut reference = Link::<Host>::by_id("1");
    assert_eq!(reference.get_mut().id.as_deref(), Some("1"));
}

#[test]
fn entities_and_sections() {
    assert_eq!(thing("<thing><name>a&amp;&#x42;&lt;<![CDATA[<c>&amp;]]>&quot;</name></thing>").name.unwrap(), "a&B<<c>&amp;\"");
    let error = read::<Thing>("<thing>\n<name>&file;</name></thing>").unwrap_err();
    assert!(error.contains("line 2") && error.contains("&file;"), "{error}");
    assert!(read::<Thing>("<!DOCTYPE x [<!ENTITY file 'y'>]><thing/>").unwrap_err().contains("document type"));
}

#[test]
fn control_characters_are_refused_before_sending() {
    let error = record(&Thing::new().name("a\u{1}")).unwrap_err().to_string();
    assert!(error.contains("`name`") && error.contains("U+0001"), "{error}");
}

#[test]
fn depth_has_a_limit_for_what_is_known_and_none_for_what_is_not() {
    let known = format!("<thing>{}{}</thing>", "<parent>".repeat(5000), "</parent>".repeat(5000));
    assert!(read::<Thing>(&known).unwrap_err().contains("128"));
    let unknown = format!("<thing>{}{}</thing>", "<x>".repeat(100_000), "</x>".repeat(100_000));
    assert_eq!(thing(&unknown), Thing::new());
    let allowed = format!("<thing>{}<name>n</name>{}</thing>", "<parent>".repeat(120), "</parent>".repeat(120));
    assert_eq!(thing(&allowed).clone(), thing(&allowed));
}

#[test]
fn a_document_without_an_element_is_empty() {
    for text in ["", " \n", "<?xml version=\"1.0\"?>", "<!-- nothing -->"] {
        assert!(root(text).unwrap().is_none(), "{text}");
    }
}

#[test]
fn long_texts_have_no_limit() {
    let long = "x".repeat(11 << 20);
    assert_eq!(thing(&format!("<thing><name>{long}</name></thing>")).name.unwrap().len(), long.len());
}

#[test]
fn what_is_malformed_is_located() {
    for (text, part) in [
        ("<thing><name>a</thing>", "malformed"),
        ("<thing><name>a", "ends within"),
        ("<thing>\n <integer_value>x</integer_value></thing>", "line 2"),
        ("<thing><boolean_value>yes</boolean_value></thing>", "`true` or `false`"),
        ("<thing><integer_value>9223372036854775808</integer_value></thing>", "64 bits"),
        ("<thing/><thing/>", "second root element"),
        ("<thing/> more", "outside of the root"),
        ("{\"thing\": 1}", "outside of the root"),
        ("<thing id=\"1\" id=\"2\"/>", "duplicated attribute"),
        ("<thing><date_value>2016-09-08</date_value></thing>", "date with time"),
    ] {
        let error = read::<Thing>(text).unwrap_err();
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn dates_keep_offset_and_fraction() {
    for text in
        ["2016-09-08T09:53:35.138+02:00", "2016-09-08T09:53:35Z", "2016-09-08T09:53:35.123456789", "2016-09-08T09:53:35-11:30"]
    {
        let found = thing(&format!("<thing><date_value>{text}</date_value></thing>"));
        assert_eq!(found.date_value.unwrap().to_string(), text);
        assert_eq!(found.date_value.unwrap().timestamp().is_some(), !text.ends_with("789"));
    }
}

#[test]
fn debug_shows_what_is_set_and_no_secret() {
    let shown = format!("{:?}", full());
    assert!(shown.contains("name:") && shown.contains("[REDACTED]") && shown.contains("Link(\"h\")"), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("old"), "{shown}");
}

#[test]
fn copies_are_equal_and_independent() {
    let original = full();
    let mut copy = original.clone();
    assert_eq!(copy, original);
    copy.parent.as_mut().unwrap().name = Some("q".to_owned());
    copy.things.as_mut().unwrap().items_mut().clear();
    assert_ne!(copy, original);
    assert_eq!(original.things.unwrap().len(), 1);
}

/// All things of a list, read while it arrives in pieces that end at these places.
fn in_pieces(text: &[u8], cuts: &[usize]) -> Result<Vec<Thing>, String> {
    let mut decoder = ListDecoder::new(Thing::default().table());
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).chain([text.len()]).collect();
    ends.sort_unstable();
    let (mut start, mut ends, mut found) = (0, ends.into_iter(), Vec::new());
    loop {
        let mut thing = Thing::default();
        match decoder.next(&mut thing).map_err(|error| error.to_string())? {
            Step::Item => found.push(thing),
            Step::End => return Ok(found),
            Step::NoRoot => return Err("no element".to_owned()),
            Step::OtherRoot(name) => return Err(name),
            Step::Starved => match ends.next() {
                Some(end) => {
                    decoder.push(&text[start..end]).map_err(|error| error.to_string())?;
                    start = end;
                }
                None => decoder.end().map_err(|error| error.to_string())?,
            },
        }
    }
}

fn whole(text: &str) -> Result<Vec<Thing>, String> {
    let mut list: Option<List<Thing>> = None;
    let found = root(text).map_err(|error| error.to_string())?.ok_or("no element")?;
    if found.name() != "things" {
        return Err(found.name().to_owned());
    }
    read_list(found, "thing", &mut list).map_err(|error| error.to_string())?;
    Ok(list.unwrap_or_default().into_vec())
}

fn things() -> String {
    let items: String =
        [full(), Thing::new(), Thing::new().name("ä中😀").parent(full())].iter().map(|thing| record(thing).unwrap()).collect();
    format!("<?xml version=\"1.0\"?>\n<!-- c --><things href=\"/t\"><actions><link/></actions>{items}<size>3</size></things>\n")
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(cuts in proptest::collection::vec(any::<usize>(), 0..40)) {
        let text = things();
        prop_assert_eq!(in_pieces(text.as_bytes(), &cuts), whole(&text));
    }

    #[test]
    fn damaged_pieces_give_what_the_whole_gives(
        cuts in proptest::collection::vec(any::<usize>(), 0..40),
        at in any::<usize>(),
        length in 0..30_usize,
        put in "[<>&/a\"]{0,3}",
    ) {
        let mut text = things();
        let at = (0..=at % text.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (at + length..).find(|end| text.is_char_boundary((*end).min(text.len()))).unwrap_or(at).min(text.len());
        text.replace_range(at..end, &put);
        let found = in_pieces(text.as_bytes(), &cuts);
        if let Ok(things) = whole(&text) {
            prop_assert_eq!(found, Ok(things), "{}", text);
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert!(in_pieces(b"<things><thing><name>\xff</name></thing></things>", &[]).unwrap_err().contains("UTF-8"));
    assert!(in_pieces(b"<things>\xc3", &[]).unwrap_err().contains("UTF-8"));
}
