// A passkey in software, for trying the API by hand: one key for everybody, which protects nothing.
const N = BigInt('0xb70fb548036fb8a5170d845520e42c4a094cb247c53c0a9a47a74e171930ce24f54872aac0108e5dad2afa7f14e252b6311c946e07428f312cf3eeb2b068b280d05370bc96396d03378a332781acb18cfeec95325581922bfe0b980b33831534f6bdb4788b84d575067de04b1aa30725f5ec4199a92d9887ba4eaf95a9df2789a8773b9cb3ef25113b65ed18fe1cbfb74fd1bb1904ee02ee0f4e01a122b92525e84355c89d249d8fc90b039b1ad272e6c0253d98e45f3ecc74927c729eecebc0711b89e228eae3011619c96ff2ccbdbb0fe35c2c82367cf180aad3871e6fde8c725bcca9d915644f7c164f75853c215e0153f6fbcc9bf148b1fb8423c84276ff');
const D = BigInt('0x0a62ff47af3e3b0d4ef20ae4a3a19eabb2bc61cf35af32f0cf08fca2cde09989ba4b1a8a7aac55cf95e03ee75001896ce1fb7ba6848defbefc0c792a355d3367a0aa6356a7f5692c8a0db2da567ebc7242129d62863c7c5537ac63bb9af8208f694299474faf41474b0f8056f2937677de6cc1ca1cb1c41a4b65648c0adfe907cb44b8d46e2ee02dc06e5baa84d301d50fbf80c331e72cc2512c11ce1e0acf2de2b98ee29c12ebb58ba438bb1f6b7edba37c8e6d80515e1a8713b9455e3b33a0686a4ced01a45141d8f8e7b8c60ee6ef574c14977ba36a08eec9a1387d616b11b80727c9a1353eef0ba9fa4c75ab05559459c3acb7201bf2e2f7b8ce4c848155');
const hex = (number, bytes) => number.toString(16).padStart(2 * bytes, '0');
const ofText = text => CryptoJS.enc.Utf8.parse(text).toString(CryptoJS.enc.Hex);
const sha256 = bytes => CryptoJS.SHA256(CryptoJS.enc.Hex.parse(bytes)).toString();
const base64url = bytes => CryptoJS.enc.Base64.stringify(CryptoJS.enc.Hex.parse(bytes))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
const kept = name => pm.collectionVariables.get(name);
const keeps = (name, value) => pm.collectionVariables.set(name, value);
const power = (base, exponent, modulus) => {
    let result = 1n;
    for (base %= modulus; exponent > 0n; exponent >>= 1n, base = base * base % modulus) {
        if (exponent & 1n) result = result * base % modulus;
    }
    return result;
};
// RSASSA-PKCS1-v1_5 with SHA-256.
const signed = bytes => {
    const digest = '3031300d060960864801650304020105000420' + sha256(bytes);
    return hex(power(BigInt('0x0001' + 'ff'.repeat(202) + '00' + digest), D, N), 256);
};
const origin = 'http://localhost' + (pm.variables.get('address').match(/:\d+$/) || [''])[0];
const said = type => ofText(JSON.stringify({
    type, challenge: kept('passkey_challenge'), origin, crossOrigin: false,
}));
const authenticatorData = flags => sha256(ofText(kept('passkey_domain'))) + flags + '00000000';
