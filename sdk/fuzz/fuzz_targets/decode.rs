//! Whatever bytes a server sends: no panic, no loop without end, and a stream reads what the whole reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use virt_sdk::List;
use virt_sdk::ovirt::types::{Action, Host, Vm};
use virt_sdk::table_access::xml::{read, read_list, read_pieces, write};

fuzz_target!(|bytes: &[u8]| {
    let mut vms = Vec::new();
    let streamed = read_pieces(bytes.chunks(7).map(<[u8]>::to_vec), |vm: Vm| vms.push(vm));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut list: Option<List<Vm>> = None;
    if text.contains("<vms") && read_list(text, "vm", &mut list).is_ok() && streamed.is_ok() {
        assert_eq!(format!("{:?}", list.unwrap_or_default().into_vec()), format!("{vms:?}"));
    }
    let (mut vm, mut host, mut action) = (Vm::new(), Host::new(), Action::new());
    if read(text, &mut vm).is_ok() {
        let _ = (vm.clone(), write(&vm), format!("{vm:?}"));
    }
    let _ = (read(text, &mut host), read(text, &mut action));
});
