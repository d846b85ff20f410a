import {constants, createHash, verify, X509Certificate} from 'node:crypto';
import {
	type BaseBlock,
	fromBER,
	Integer,
	Null,
	ObjectIdentifier,
	OctetString,
	Sequence,
	Boolean as Truth,
} from 'asn1js';

// Time-stamp protocol, RFC 3161, over signed data, RFC 5652.

/** What a timestamp says: that a hash was known at a time to the holder of a certificate. */
export type TimestampToken = {
	/** In UTC. */
	readonly time: string;
	/** Subject of the certificate that signed it. */
	readonly authority: string;
	/** SHA-256 of that certificate, in hex, as the authority publishes it. */
	readonly certificate: string;
};

const oids = {
	...{
		sha1: '1.3.14.3.2.26',
		sha256: '2.16.840.1.101.3.4.2.1',
		sha384: '2.16.840.1.101.3.4.2.2',
		sha512: '2.16.840.1.101.3.4.2.3',
	},
	...{signedData: '1.2.840.113549.1.7.2', tstInfo: '1.2.840.113549.1.9.16.1.4', timeStamping: '1.3.6.1.5.5.7.3.8'},
	...{contentType: '1.2.840.113549.1.9.3', messageDigest: '1.2.840.113549.1.9.4'},
	...{signingCertificate: '1.2.840.113549.1.9.16.2.12', signingCertificateV2: '1.2.840.113549.1.9.16.2.47'},
	...{pss: '1.2.840.113549.1.1.10'},
} as const;

/** Hashes of signatures that name theirs. */
const hashOfSignature: Readonly<Record<string, string>> = {
	...{'1.2.840.113549.1.1.11': 'sha256', '1.2.840.113549.1.1.12': 'sha384', '1.2.840.113549.1.1.13': 'sha512'},
	...{'1.2.840.10045.4.3.2': 'sha256', '1.2.840.10045.4.3.3': 'sha384', '1.2.840.10045.4.3.4': 'sha512'},
};

/** Returns a request for a timestamp of a SHA-256, with the certificate of the authority in the answer. */
export const timestampRequest = (sha256: Buffer, nonce: Buffer): Buffer => {
	const algorithm = new Sequence({value: [new ObjectIdentifier({value: oids.sha256}), new Null()]});
	const imprint = new Sequence({value: [algorithm, new OctetString({valueHex: sha256})]});
	const value = [new Integer({value: 1}), imprint, new Integer({valueHex: nonce}), new Truth({value: true})];
	return Buffer.from(new Sequence({value}).toBER());
};

/**
 * Returns the token of an authority's answer.
 *
 * @throws {Error} if it refused, or for another answer
 */
export const tokenOfAnswer = (answer: Buffer, nonce: Buffer): Buffer => {
	const [status, token] = children(parse(answer));
	const [code] = children(status);
	const granted = Number(code?.toString('ascii').split(' : ').at(-1));
	if (!token || granted > 1) {
		const words = bytesOf(status)
			.toString('latin1')
			.match(/[ -~]{6,}/g)
			?.join(' ');
		throw new Error(`it refused, with status ${granted}${words === undefined ? '' : `: ${words}`}`);
	}

	const bytes = bytesOf(token);
	const {info} = partsOf(bytes);
	const nonces = children(info)
		.slice(5)
		.filter(part => part instanceof Integer);
	if (!nonces.some(part => unsigned(part.valueBlock.valueHexView).equals(unsigned(nonce)))) {
		throw new Error('it answers another request');
	}

	return bytes;
};

/**
 * Verifies a token against the certificates in it, without a network.
 *
 * @param sha256 the hash that it has to be of
 * @throws {Error} for the first contradiction
 */
export const readToken = (token: Buffer, sha256: Buffer): TimestampToken => {
	const {content, info, certificates, signer} = partsOf(token);
	const [, , imprint, , time] = children(info);
	const [algorithm, digest] = children(imprint);
	if (oidOf(children(algorithm)[0]) !== oids.sha256 || !octetsOf(digest).equals(sha256)) {
		throw new Error('it is of another hash');
	}

	const {attributes, raw, digestName, signatureOid, signature} = signer;
	if (oidOf(attributes.get(oids.contentType)) !== oids.tstInfo) {
		throw new Error('its signature is not of a timestamp');
	}

	if (!octetsOf(attributes.get(oids.messageDigest)).equals(createHash(digestName).update(content).digest())) {
		throw new Error('its contents were changed');
	}

	const certificate = signerOf(attributes, certificates);
	const isSigned = verify(
		signatureOid === '1.3.101.112' ? null : (hashOfSignature[signatureOid] ?? digestName),
		raw,
		signatureOid === oids.pss
			? {
					key: certificate.publicKey,
					padding: constants.RSA_PKCS1_PSS_PADDING,
					saltLength: constants.RSA_PSS_SALTLEN_AUTO,
				}
			: certificate.publicKey,
		signature,
	);
	if (!isSigned) {
		throw new Error('its signature is not that of its certificate');
	}

	const at = timeOf(time);
	checkCertificate(certificate, certificates, at);
	return {
		time: at.toISOString(),
		authority: certificate.subject.replaceAll('\n', ', '),
		certificate: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
	};
};

type Signer = {
	readonly attributes: ReadonlyMap<string, BaseBlock>;
	/** The signed bytes. */
	readonly raw: Buffer;
	readonly digestName: string;
	readonly signatureOid: string;
	readonly signature: Buffer;
};

const partsOf = (token: Buffer) => {
	const [type, wrapped] = children(parse(token));
	if (oidOf(type) !== oids.signedData) {
		throw new Error('it is no signed data');
	}

	const parts = children(children(wrapped)[0]);
	const [contentType, wrappedContent] = children(parts[2]);
	if (oidOf(contentType) !== oids.tstInfo) {
		throw new Error('it is no timestamp');
	}

	const content = octetsOf(children(wrappedContent)[0]);
	const certificates = children(parts.slice(3).find(part => isContext(part, 0))).map(
		certificate => new X509Certificate(bytesOf(certificate)),
	);
	const signers = children(parts.at(-1));
	if (signers.length !== 1) {
		throw new Error(`it has ${signers.length} signatures, where one is expected`);
	}

	return {content, info: parse(content), certificates, signer: readSigner(children(signers[0]))};
};

const readSigner = ([, , digest, attributes, algorithm, signature]: readonly BaseBlock[]): Signer => {
	if (!isContext(attributes, 0)) {
		throw new Error('it has no signed attributes');
	}

	const raw = Buffer.from(bytesOf(attributes));
	raw[0] = 0x31; // they are signed as a set, and written with a tag of their own
	const digestOid = oidOf(children(digest)[0]);
	const digestName = (['sha1', 'sha256', 'sha384', 'sha512'] as const).find(name => oids[name] === digestOid);
	if (digestName === undefined || digestName === 'sha1') {
		throw new Error(`it is signed over a hash that is too weak or unknown (${digestOid})`);
	}

	const entries = children(attributes).map(attribute => {
		const [type, values] = children(attribute);
		return [oidOf(type), children(values)[0]] as const;
	});
	return {
		attributes: new Map(entries.flatMap(([type, value]) => (value ? [[type, value] as const] : []))),
		...{raw, digestName, signatureOid: oidOf(children(algorithm)[0]), signature: octetsOf(signature)},
	};
};

/** Returns the certificate that the signed attributes name by its hash. */
const signerOf = (attributes: Signer['attributes'], certificates: readonly X509Certificate[]): X509Certificate => {
	const [v2, v1] = [attributes.get(oids.signingCertificateV2), attributes.get(oids.signingCertificate)];
	const id = children(children(children(v2 ?? v1)[0])[0]);
	const hash = octetsOf(id.find(part => part instanceof OctetString));
	const named = id.find(part => part instanceof Sequence && oidOf(children(part)[0]) !== '');
	const oid = named && id.indexOf(named) === 0 ? oidOf(children(named)[0]) : v2 ? oids.sha256 : oids.sha1;
	const name = (['sha1', 'sha256', 'sha384', 'sha512'] as const).find(name => oids[name] === oid) ?? 'sha256';
	const found = certificates.find(({raw}) => createHash(name).update(raw).digest().equals(hash));
	if (!found) {
		throw new Error('the certificate that signed it is not in it');
	}

	return found;
};

/** Checks that a certificate is for timestamps, was valid then, and that each of its issuers that is there issued it. */
const checkCertificate = (signer: X509Certificate, certificates: readonly X509Certificate[], at: Date): void => {
	if (signer.keyUsage?.join() !== oids.timeStamping) {
		throw new Error('its certificate is not for timestamps');
	}

	let certificate: X509Certificate | undefined = signer;
	const seen = new Set<string>();
	while (certificate && !seen.has(certificate.fingerprint256)) {
		const current: X509Certificate = certificate;
		seen.add(current.fingerprint256);
		if (at.getTime() < Date.parse(current.validFrom) || at.getTime() > Date.parse(current.validTo)) {
			throw new Error(`the certificate of ${current.subject.replaceAll('\n', ', ')} was not valid at its time`);
		}

		const issuer = certificates.find(other => other !== current && other.ca && other.subject === current.issuer);
		if (issuer && !current.verify(issuer.publicKey)) {
			throw new Error('its certificate was not issued by the one that it names');
		}

		certificate = issuer;
	}
};

const parse = (bytes: Uint8Array): BaseBlock => {
	const {offset, result} = fromBER(bytes);
	if (offset !== bytes.length) {
		throw new Error('it is not in the format of RFC 3161');
	}

	return result as BaseBlock;
};

const children = (block: BaseBlock | undefined): BaseBlock[] => {
	const value = (block?.valueBlock as {readonly value?: unknown} | undefined)?.value;
	return Array.isArray(value) ? value : [];
};

const isContext = (block: BaseBlock | undefined, tag: number): boolean =>
	block?.idBlock.tagClass === 3 && block.idBlock.tagNumber === tag;

const bytesOf = (block: BaseBlock | undefined): Buffer => Buffer.from(block?.valueBeforeDecodeView ?? []);

/** Returns an object identifier in digits; empty for anything else. */
const oidOf = (block: BaseBlock | undefined): string => (block instanceof ObjectIdentifier ? block.getValue() : '');

const octetsOf = (block: BaseBlock | undefined): Buffer =>
	block instanceof OctetString ? Buffer.from(block.getValue()) : Buffer.alloc(0);

/** Drops leading zeros, which a positive number in DER may have. */
const unsigned = (bytes: Uint8Array): Buffer => {
	const first = bytes.findIndex(byte => byte !== 0);
	return Buffer.from(first === -1 ? [] : bytes.subarray(first));
};

const timeOf = (block: BaseBlock | undefined): Date => {
	const text = (block as {readonly toDate?: () => Date} | undefined)?.toDate?.();
	if (!text || Number.isNaN(text.getTime())) {
		throw new Error('it has no time');
	}

	return text;
};
