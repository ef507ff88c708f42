const client = said('webauthn.get');
keeps('client_data', base64url(client));
keeps('authenticator_data', base64url(authenticatorData('05')));
keeps('signature', base64url(signed(authenticatorData('05') + sha256(client))));
