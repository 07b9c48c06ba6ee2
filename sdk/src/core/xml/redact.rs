use crate::core::error::REDACTED;
use quick_xml::Reader;
use quick_xml::events::Event;

/// A document with the content of elements of these names left out. What cannot be read is left out, too: it may be a
/// secret.
pub(crate) fn redacted(text: &str, secrets: &[&str]) -> String {
    let mut reader = Reader::from_str(text);
    let mut shown = String::new();
    // How much of the text was looked at, and is shown or left out.
    let mut done = 0;
    // How deep within a secret.
    let mut depth = 0_usize;
    loop {
        let event = reader.read_event();
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        match &event {
            Ok(Event::Eof) => return shown,
            Err(_) => return format!("{shown} [the rest is not shown: it is not XML]"),
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(_) => {}
        }
        if depth == 0 {
            shown.push_str(text.get(done..end).unwrap_or_default());
        }
        done = end;
        if let Ok(Event::Start(tag)) = &event
            && (depth > 0 || secrets.contains(&tag.local_name().into_inner()))
        {
            if depth == 0 {
                shown.push_str(REDACTED);
            }
            depth += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_whatever_is_in_them() {
        let redacted = |text| redacted(text, &["password", "ticket"]);
        for (document, shown) in [
            ("<a x='1'><password>s</password><b>t</b></a>", "<a x='1'><password>[REDACTED]</password><b>t</b></a>"),
            ("<ticket><value>s</value><ticket/><ticket>s</ticket></ticket>", "<ticket>[REDACTED]</ticket>"),
            ("<a><password/>t</a>", "<a><password/>t</a>"),
            ("<a><password><![CDATA[s]]></password></a>", "<a><password>[REDACTED]</password></a>"),
        ] {
            assert_eq!(redacted(document), shown);
        }
        for cut in ["<a><password>s", "<a><password>s</a>", "<password>s</x>s</password>"] {
            let shown = redacted(cut);
            assert!(shown.contains("<password>[REDACTED]") && !shown.contains(">s"), "{shown}");
        }
    }
}
