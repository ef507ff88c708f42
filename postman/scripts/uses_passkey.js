const client = said('webauthn.get');
keeps('client_data', base64url(client));
keeps('authenticator_data', base64url(data('05')));
keeps('signature', base64url(signed(data('05') + sha256(client))));
