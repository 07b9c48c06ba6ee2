use std::path::PathBuf;

/// A daemon ovirt-imageio that runs, and that is to serve the data of the disks of a simulator, as
/// [`Builder::imageio`](crate::Builder::imageio) describes.
#[derive(Clone, Debug)]
pub struct Imageio {
    pub(super) control_socket: PathBuf,
    pub(super) url: String,
    pub(super) images: PathBuf,
    pub(super) proxy: Option<Proxy>,
}

/// Another daemon, through which the first can be reached.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    pub(super) control_socket: PathBuf,
    pub(super) url: String,
}

impl Imageio {
    /// A daemon whose control socket is at a path, and which serves images below a URL, such as
    /// `https://127.0.0.1:54322`. `images` is a folder for the files of disks, which is made if it is missing; the daemon
    /// has to be allowed to read and write what the simulator puts there.
    pub fn new(control_socket: impl Into<PathBuf>, url: impl Into<String>, images: impl Into<PathBuf>) -> Self {
        Imageio { control_socket: control_socket.into(), url: origin(url.into()), images: images.into(), proxy: None }
    }

    /// Another daemon that is to be the proxy of the engine: it gets a ticket of its own for each transfer, which leads to
    /// the first daemon, so it has to trust the certificate of that. Default: none; `proxy_url` is `transfer_url` then,
    /// as with an engine whose proxy is off.
    pub fn proxy(mut self, control_socket: impl Into<PathBuf>, url: impl Into<String>) -> Self {
        self.proxy = Some(Proxy { control_socket: control_socket.into(), url: origin(url.into()) });
        self
    }
}

fn origin(url: String) -> String {
    url.trim_end_matches('/').to_owned()
}
