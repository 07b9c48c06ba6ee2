//! What to sign in with, and where it comes from.

use super::session::BoxFuture;
use secrecy::SecretString;
use std::error::Error as StdError;
use std::fmt;

/// Why a [`CredentialsProvider`] has no credentials; shown in the error of the call that needed them.
pub type CredentialsError = Box<dyn StdError + Send + Sync>;

/// What to sign in with.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// Name and password of a user.
    #[non_exhaustive]
    Password {
        /// Name of the user, with its profile or domain.
        username: String,
        /// Password of the user.
        password: SecretString,
    },
    /// A token that was got elsewhere. It is used as it is, and not ended at the end: whoever got it ends it.
    #[non_exhaustive]
    Token {
        /// The token.
        token: SecretString,
    },
    /// The value of the header `Authorization` for a sign-in by HTTP, such as `Negotiate YII…` for Kerberos. Only engines
    /// take it.
    #[non_exhaustive]
    Negotiate {
        /// Scheme and token.
        authorization: SecretString,
    },
}

impl Credentials {
    /// Name and password of a user.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        Credentials::Password { username: username.into(), password: password.into().into() }
    }

    /// A token that was got elsewhere.
    pub fn token(token: impl Into<String>) -> Self {
        Credentials::Token { token: token.into().into() }
    }

    /// The value of the header `Authorization`, such as `Negotiate YII…`.
    pub fn negotiate(authorization: impl Into<String>) -> Self {
        Credentials::Negotiate { authorization: authorization.into().into() }
    }
}

impl Credentials {
    /// What nobody else may see.
    pub(crate) fn secret(&self) -> &SecretString {
        match self {
            Credentials::Password { password: secret, .. }
            | Credentials::Token { token: secret }
            | Credentials::Negotiate { authorization: secret } => secret,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::Password { username, .. } => {
                f.debug_struct("Password").field("username", username).finish_non_exhaustive()
            }
            Credentials::Token { .. } => f.debug_struct("Token").finish_non_exhaustive(),
            Credentials::Negotiate { .. } => f.debug_struct("Negotiate").finish_non_exhaustive(),
        }
    }
}

/// What credentials are wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignIn {
    /// Host to sign in at, without port: for Kerberos, the service is `HTTP/` and this.
    pub host: String,
}

/// Where credentials come from: a vault, a ticket cache, a file that changes.
///
/// Asked each time before a sign-in, and never twice at the same time by one connection. Functions that return a future
/// are providers:
///
/// ```
/// use virt_sdk::{Credentials, SignIn};
///
/// # async fn password_from_vault(_: &str) -> std::io::Result<String> { Ok("…".into()) }
/// let builder = virt_sdk::ovirt::Connection::builder("https://engine.example.com/ovirt-engine/api")
///     .credentials(|sign_in: SignIn| async move {
///         let password = password_from_vault(&sign_in.host).await?;
///         Ok(Credentials::password("backup@internal", password))
///     });
/// ```
pub trait CredentialsProvider: Send + Sync {
    /// What to sign in with now.
    ///
    /// # Errors
    ///
    /// Any: the call that needed credentials fails with kind [`Authentication`](crate::ErrorKind::Authentication), with
    /// this error as its source. Its text must hold no secret.
    fn credentials(&self, sign_in: SignIn) -> impl Future<Output = Result<Credentials, CredentialsError>> + Send;
}

impl<F, R> CredentialsProvider for F
where
    F: Fn(SignIn) -> R + Send + Sync,
    R: Future<Output = Result<Credentials, CredentialsError>> + Send,
{
    fn credentials(&self, sign_in: SignIn) -> impl Future<Output = Result<Credentials, CredentialsError>> + Send {
        self(sign_in)
    }
}

/// Credentials that stay the same.
impl CredentialsProvider for Credentials {
    async fn credentials(&self, _: SignIn) -> Result<Credentials, CredentialsError> {
        Ok(self.clone())
    }
}

/// A provider of whatever type.
pub(crate) trait DynProvider: Send + Sync {
    fn provide(&self, sign_in: SignIn) -> BoxFuture<'_, Result<Credentials, CredentialsError>>;
}

impl<P: CredentialsProvider> DynProvider for P {
    fn provide(&self, sign_in: SignIn) -> BoxFuture<'_, Result<Credentials, CredentialsError>> {
        Box::pin(self.credentials(sign_in))
    }
}
