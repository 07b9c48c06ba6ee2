//! JSON as its standard has it, with the place of every value.

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use model::published::fault_at;
use model::{Document, Fault};

/// Parses a text; `None` if there is nothing in it.
pub(crate) fn parse(source: &Document) -> Result<Option<Value<'_>>, Fault> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(&source.text, &CollectOptions::default(), &strict).map_err(|error| {
        let kind = error.kind().to_string();
        let message = format!("malformed JSON: {}; get the description again, whole", kind.trim_end_matches('.'));
        fault_at(source, error.range().start, message)
    })?;
    Ok(parsed.value)
}
