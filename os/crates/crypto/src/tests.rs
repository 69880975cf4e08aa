//! Published test vectors, and lengths that are refused.

use alloc::{string::String, vec::Vec};

use crate::{Aead, Cipher, Error, Hash};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

fn text(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| alloc::format!("{byte:02x}"))
        .collect()
}

fn digest(name: &str, key: Option<&[u8]>, message: &[u8]) -> String {
    let mut hash = Hash::named(name).unwrap().without_key();
    if let Some(key) = key {
        hash.set_key(key).unwrap().unwrap();
    }
    let mut state = hash.start();
    let (front, back) = message.split_at(message.len() / 3);
    state.update(front);
    let mut copy = state.clone();
    copy.update(back);
    state.update(b"something else");
    let result = copy.finish();
    assert_eq!(result.len(), hash.size());
    text(&result)
}

#[test]
fn digests_of_abc() {
    // RFC 1321, FIPS 180-4, FIPS 202.
    assert_eq!(
        digest("md5", None, b"abc"),
        "900150983cd24fb0d6963f7d28e17f72"
    );
    assert_eq!(
        digest("sha1", None, b"abc"),
        "a9993e364706816aba3e25717850c26c9cd0d89d"
    );
    assert_eq!(
        digest("sha224", None, b"abc"),
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"
    );
    assert_eq!(
        digest("sha256", None, b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert!(digest("sha384", None, b"abc").starts_with("cb00753f45a35e8bb5a03d699ac65007"));
    assert!(digest("sha512", None, b"abc").starts_with("ddaf35a193617abacc417349ae204131"));
    assert_eq!(
        digest("sha3-256", None, b"abc"),
        "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"
    );
    assert_eq!(digest("crc32c", None, b"123456789"), "839206e3");
}

#[test]
fn keyed_digests() {
    // RFC 4231 test case 2; RFC 2202 test case 2.
    let message = b"what do ya want for nothing?";
    assert_eq!(
        digest("hmac(sha256)", Some(b"Jefe"), message),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(
        digest("hmac(md5)", Some(b"Jefe"), message),
        "750c783e6ab0b503eaa86e310a5db738"
    );
    assert_eq!(
        digest("hmac(sha1)", Some(b"Jefe"), message),
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
    assert!(
        Hash::named("hmac(sha256)")
            .unwrap()
            .without_key()
            .needs_key()
    );
    assert!(Hash::named("hmac(hmac(md5))").is_none());
    assert!(Hash::named("hmac(crc32c)").is_none());
    assert!(
        Hash::named("md5")
            .unwrap()
            .without_key()
            .set_key(b"x")
            .is_none()
    );
}

/// NIST SP 800-38A, appendix F.
const PLAIN: &str = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51";
const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";

fn both_ways(name: &str, key: &str, iv: &str, plain: &str, cipher: &str) {
    let key = Cipher::named(name).unwrap().with_key(&hex(key)).unwrap();
    let start: [u8; 16] = hex(iv).try_into().unwrap();
    let mut bytes = hex(plain);
    let mut iv = start;
    // In two pieces, as a socket may: XTS alone cannot.
    if name == "xts(aes)" {
        key.encrypt(&mut iv, &mut bytes).unwrap();
    } else {
        let (front, back) = bytes.split_at_mut(16);
        key.encrypt(&mut iv, front).unwrap();
        key.encrypt(&mut iv, back).unwrap();
    }
    assert_eq!(text(&bytes), text(&hex(cipher)));
    let mut iv = start;
    key.decrypt(&mut iv, &mut bytes).unwrap();
    assert_eq!(bytes, hex(plain));
}

#[test]
fn modes() {
    let zero = "00000000000000000000000000000000";
    both_ways(
        "ecb(aes)",
        KEY,
        zero,
        PLAIN,
        "3ad77bb40d7a3660a89ecaf32466ef97 f5d3d58503b9699de785895a96fdbaaf",
    );
    both_ways(
        "cbc(aes)",
        KEY,
        "000102030405060708090a0b0c0d0e0f",
        PLAIN,
        "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2",
    );
    both_ways(
        "ctr(aes)",
        KEY,
        "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        PLAIN,
        "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff",
    );
    // IEEE 1619-2007 vectors 1 and 15.
    both_ways(
        "xts(aes)",
        "0000000000000000000000000000000000000000000000000000000000000000",
        zero,
        "0000000000000000000000000000000000000000000000000000000000000000",
        "917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e",
    );
    both_ways(
        "xts(aes)",
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
        "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10",
        "6c1625db4671522d3d7599601de7ca09ed",
    );
}

#[test]
fn lengths() {
    let cbc = Cipher::named("cbc(aes)").unwrap();
    assert!(matches!(cbc.with_key(&[0; 15]), Err(Error::Length)));
    assert!(matches!(Cipher::Xts.with_key(&[0; 31]), Err(Error::Length)));
    let key = cbc.with_key(&[0; 24]).unwrap();
    assert_eq!(key.encrypt(&mut [0; 16], &mut [0; 17]), Err(Error::Length));
    let xts = Cipher::Xts.with_key(&[1; 32]).unwrap();
    assert_eq!(xts.encrypt(&mut [0; 16], &mut [0; 15]), Err(Error::Length));
    assert!(matches!(
        Aead::Rfc4106.with_key(&[0; 3]),
        Err(Error::Length)
    ));
    assert!(matches!(
        Aead::Rfc4106.with_key(&[0; 16]),
        Err(Error::Length)
    ));
}

#[test]
fn galois() {
    // McGrew and Viega's test case 4.
    let key = Aead::Gcm
        .with_key(&hex("feffe9928665731c6d6a8f9467308308"))
        .unwrap();
    let iv = hex("cafebabefacedbaddecaf888");
    let data = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
         1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let mut bytes = plain.clone();
    let mut tag = [0; 16];
    key.encrypt(&iv, &data, &mut bytes, &mut tag).unwrap();
    assert_eq!(text(&tag), "5bc94fbc3221a5db94fae95ae7121a47");
    assert!(text(&bytes).starts_with("42831ec2217774244b7221b784d0d49c"));
    assert_eq!(key.decrypt(&iv, &data, &mut bytes, &tag[..12]), Ok(()));
    assert_eq!(bytes, plain);
    tag[3] ^= 1;
    assert_eq!(key.decrypt(&iv, &data, &mut bytes, &tag), Err(Error::Tag));
    assert_eq!(
        key.decrypt(&iv, &data, &mut bytes, &tag[..5]),
        Err(Error::Length)
    );
}

#[test]
fn counter_with_cbc_mac() {
    // RFC 3610, packet vector 1: 8 bytes of tag, 13 of nonce.
    let key = Aead::Ccm
        .with_key(&hex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"))
        .unwrap();
    let iv = hex("01 00000003020100a0a1a2a3a4a5 0000");
    let data = hex("0001020304050607");
    let plain = hex("08090a0b0c0d0e0f101112131415161718191a1b1c1d1e");
    let mut bytes = plain.clone();
    let mut tag = [0; 8];
    key.encrypt(&iv, &data, &mut bytes, &mut tag).unwrap();
    assert_eq!(
        text(&bytes),
        "588c979a61c663d2f066d0c2c0f989806d5f6b61dac384"
    );
    assert_eq!(text(&tag), "17e8d12cfdf926e0");
    assert_eq!(key.decrypt(&iv, &data, &mut bytes, &tag), Ok(()));
    assert_eq!(bytes, plain);
}

#[test]
fn esp() {
    // The same as GCM with the nonce put together.
    let whole = Aead::Gcm.with_key(&[7; 16]).unwrap();
    let mut key = [7; 20];
    key[16..].fill(9);
    let esp = Aead::Rfc4106.with_key(&key).unwrap();
    let (mut one, mut other) = (*b"some text", *b"some text");
    let (mut tag, mut same) = ([0; 16], [0; 16]);
    esp.encrypt(&[3; 8], &[5; 16], &mut one, &mut tag).unwrap();
    whole
        .encrypt(
            &[9, 9, 9, 9, 3, 3, 3, 3, 3, 3, 3, 3],
            &[5; 8],
            &mut other,
            &mut same,
        )
        .unwrap();
    assert_eq!((one, tag), (other, same));
    assert_eq!(
        esp.encrypt(&[3; 8], &[5; 8], &mut one, &mut tag),
        Err(Error::Length)
    );
}

#[test]
fn encrypt_then_authenticate() {
    // The attribute (8 bytes, type 1), the second key's length, HMAC's key, AES's.
    let mut key = alloc::vec![8, 0, 1, 0, 0, 0, 0, 16];
    key.extend([0x11; 32]);
    key.extend([0x22; 16]);
    for name in [
        "authenc(hmac(sha256),cbc(aes))",
        "authencesn(hmac(sha256),cbc(aes))",
    ] {
        let aead = Aead::named(name).expect(name);
        let whole = aead.with_key(&key).expect("keys");
        let (iv, data) = ([7; 16], *b"spi-upp-low-");
        let (mut text, mut tag) = ([0x5a; 32], [0; 16]);
        whole
            .encrypt(&iv, &data, &mut text, &mut tag)
            .expect("two blocks");
        assert_ne!(text, [0x5a; 32]);
        let mut back = text;
        whole
            .decrypt(&iv, &data, &mut back, &tag)
            .expect("the same tag");
        assert_eq!(back, [0x5a; 32]);
        tag[0] ^= 1;
        assert_eq!(whole.decrypt(&iv, &data, &mut text, &tag), Err(Error::Tag));
        assert_eq!(
            whole.encrypt(&iv, &data, &mut [0; 5], &mut tag),
            Err(Error::Length)
        );
        // An attribute that claims more than is there, or a second key longer than both.
        for broken in [
            &[9, 0, 1, 0, 0, 0, 0, 16, 1][..],
            &[8, 0, 1, 0, 0, 0, 0, 16, 1],
            &[8, 0],
        ] {
            assert_eq!(aead.with_key(broken).err(), Some(Error::Length));
        }
    }
}
