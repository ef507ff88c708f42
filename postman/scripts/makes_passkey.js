const id = CryptoJS.lib.WordArray.random(16).toString();
const key = 'a401030339010020590100' + hex(N, 256) + '2143010001';
const made = authenticatorData('45') + '00'.repeat(16) + '0010' + id + key;
const length = hex(made.length / 2, 2);
keeps('credential_id', base64url(id));
keeps('client_data', base64url(said('webauthn.create')));
keeps('attestation', base64url('a363' + ofText('fmt') + '64' + ofText('none') + '67' + ofText('attStmt') + 'a068' +
    ofText('authData') + '59' + length + made));
