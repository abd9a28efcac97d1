import 'reflect-metadata'; // the library throws without it, so it has to come first
export * from '@peculiar/x509';
