use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 of a certificate in DER.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// Reads the forms that tools print: hexadecimal digits in either case, with or without colons, after a name such as
    /// `sha256 Fingerprint=` or `SHA256:`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.strip_prefix("sha256").or_else(|| lower.strip_prefix("sha-256")).unwrap_or(&lower);
        let digits = digits.trim_start().trim_start_matches("fingerprint").trim_start_matches(['=', ':']);
        let nibbles: Option<Vec<u8>> = digits
            .chars()
            .filter(|char| !matches!(char, ':' | ' '))
            .map(|char| char.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let bytes: Vec<u8> = nibbles?.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect();
        (digits.chars().filter(char::is_ascii_hexdigit).count() == 64).then(|| bytes.try_into().ok().map(Self)).flatten()
    }
}

impl fmt::Display for Fingerprint {
    /// As `openssl x509 -fingerprint -sha256` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        f.write_str(&pairs.join(":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_tools_print() {
        let fingerprint = Fingerprint::of(b"certificate");
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 95);
        for form in [
            text.clone(),
            text.to_lowercase(),
            text.replace(':', ""),
            text.replace(':', " "),
            format!("sha256 Fingerprint={text}"),
            format!("SHA256:{text}"),
            format!(" {text}\n"),
        ] {
            assert!(Fingerprint::parse(&form) == Some(fingerprint), "{form}");
        }
        for form in ["", "sha256", &text[2..], &format!("{text}:00"), &text.replacen('A', "G", 1).replacen('0', "G", 1)] {
            assert!(Fingerprint::parse(form).is_none(), "{form}");
        }
    }
}
